//! Model formulas against R's `terms`, codings of categories against patsy, laws of both, and what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::Code;
use samefit_core::functions::Function;
use samefit_core::model_formula::{
    CATEGORIES_MAX, CategoricalTerm, CategoryCoding, CodedBlock, FORMULA_BYTES_MAX, FORMULA_TERMS_MAX, FormulaFactor, FormulaTerm,
    ModelFormula, NESTING_MAX, ParsedFormula, full_rank_coding,
};
use samefit_core::terms::Variable;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn peers(name: &str) -> Value {
    let path = format!("{}/../data/peers/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn parse(text: &str) -> ModelFormula {
    ModelFormula::parse(text, None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Formulas of R's grammar with what R finds in them: text, intercept, labels of terms.
fn formulas_of_r() -> Vec<(String, bool, Vec<String>)> {
    let peers = peers("formulas_R");
    let read = |formula: &Value| (formula[0].as_str().unwrap().to_owned(), formula[1] == 1, strings(&formula[2]));
    peers["formulas"].as_array().unwrap().iter().map(read).collect()
}

/// `data/peers/formulas.R` asks R for the terms of formulas, some of them drawn at random. R takes functions for names, so `log` stays
/// `log` there; and it writes spaces in calls.
#[test]
fn terms_are_those_of_r() {
    let columns = strings(&peers("formulas_R")["columns"]);
    let ours = |label: &String| label.replace("as.factor(", "C(").replace("factor(", "C(").replace("log(", "ln(").replace(' ', "");
    let formulas = formulas_of_r();
    assert!(formulas.len() >= 300);
    for (text, has_intercept, labels) in formulas {
        let formula = ModelFormula::parse(&text, Some(&columns)).unwrap_or_else(|error| panic!("{text}: {error}"));
        let found: Vec<String> = formula.terms.iter().map(|term| term.to_string().replace(' ', "")).collect();
        assert_eq!((formula.has_intercept, found), (has_intercept, labels.iter().map(ours).collect()), "{text}");
    }
}

/// Reads a formula that was written, and checks that it says the same. Factors in a term may be in another order once, not twice.
fn check_round_trip(formula: &ModelFormula) {
    let sets =
        |formula: &ModelFormula| formula.terms.iter().map(|term| term.factors.iter().cloned().collect()).collect::<Vec<BTreeSet<_>>>();
    let again = parse(&formula.to_string());
    assert_eq!((&again.target, again.has_intercept, sets(&again)), (&formula.target, formula.has_intercept, sets(formula)), "{formula}");
    assert_eq!(parse(&again.to_string()), again);
}

#[test]
fn formulas_that_are_written_say_the_same() {
    let columns = strings(&peers("formulas_R")["columns"]);
    for (text, ..) in formulas_of_r() {
        check_round_trip(&ModelFormula::parse(&text, Some(&columns)).unwrap());
    }
}

#[test]
fn factors_have_the_names_of_r_and_of_patsy() {
    let column = |name: &str| FormulaFactor::Column(name.to_owned());
    let category =
        |name: &str, reference: Option<&str>| FormulaFactor::Category { name: name.to_owned(), reference: reference.map(str::to_owned) };
    let function = |function, column: &str| FormulaFactor::Function { function, column: column.to_owned() };
    let spline =
        |knots: &[&str]| FormulaFactor::Spline { column: "x".to_owned(), knots: knots.iter().map(|knot| (*knot).to_owned()).collect() };
    let product = |powers: &[(&str, u32)]| {
        let of_column = |&(name, power): &(&str, u32)| (Variable::Column(name.to_owned()), power);
        FormulaFactor::Product(powers.iter().map(of_column).collect())
    };
    let square = |function, column: &str| FormulaFactor::Product(vec![(Variable::Function { function, column: column.to_owned() }, 2)]);
    for (text, want) in [
        ("größe.1", column("größe.1")),
        ("_x", column("_x")),
        ("`a b`", column("a b")),
        (r"`a\`b\\`", column(r"a`b\")),
        ("`.`", column(".")),
        ("Q('a b')", column("a b")),
        ("Q ( \"it's\" )", column("it's")),
        ("C", column("C")),
        ("I(x)", column("x")),
        ("C(x)", category("x", None)),
        ("C(Q('a b'))", category("a b", None)),
        ("factor(`a b`)", category("a b", None)),
        ("as.factor(x)", category("x", None)),
        ("C(x, Treatment)", category("x", None)),
        ("C(x, Treatment())", category("x", None)),
        ("C(x, Treatment('b'))", category("x", Some("b"))),
        (r#"C(x, Treatment(reference = "it's"))"#, category("x", Some("it's"))),
        ("ln(x)", function(Function::Ln, "x")),
        ("log(x)", function(Function::Ln, "x")),
        ("np.log(x)", function(Function::Ln, "x")),
        ("np.log10(x)", function(Function::Log10, "x")),
        ("sqrt(`a b`)", function(Function::Sqrt, "a b")),
        ("rcs(x, 3e1, 50.50, 70)", spline(&["30", "50.5", "70"])),
        ("rcs(x, c(-1.0, .5, 2))", spline(&["-1", "0.5", "2"])),
        ("I(x^2*z)", product(&[("x", 2), ("z", 1)])),
        ("I(log(x))", function(Function::Ln, "x")),
        ("I(np.log(`a b`)**2)", square(Function::Ln, "a b")),
        ("I(z * x**2)", product(&[("x", 2), ("z", 1)])),
        ("I((x*z)^2*x)", product(&[("x", 3), ("z", 2)])),
    ] {
        let formula = parse(&format!("y ~ {text}"));
        assert_eq!(formula.terms, [FormulaTerm { factors: vec![want] }], "{text}");
        check_round_trip(&formula);
    }
    assert_eq!(parse("`y 1` ~ 1").target, "y 1");
    assert_eq!(parse("Q('y 1')~1").to_string(), "`y 1` ~ 1");
}

#[test]
fn a_column_is_one_category() {
    let formula = parse("y ~ factor(a) + C(a, Treatment('q')):b + as.factor(a):c");
    assert_eq!(formula.to_string(), "y ~ C(a, Treatment('q')) + C(a, Treatment('q')):b + C(a, Treatment('q')):c");
}

/// What is refused, with the code, the beginning of the sentence, and a part of the help.
#[test]
fn errors_point_at_the_place() {
    for (text, code, sentence, help) in [
        ("", Code::Target, "at the end of the formula: expected a column", "such as `y ~ bmi`"),
        ("y", Code::Target, "at the end of the formula: expected `~` after the target", "such as `y ~ bmi`"),
        ("~ x", Code::Target, "at character 1: found `~ x`, expected a column", "such as `y ~ bmi`"),
        ("y = x", Code::Target, "at character 3: found `= x`, expected `~` after the target", "such as `y ~ bmi`"),
        ("log(y) ~ x", Code::Target, "at character 1: found `log(y) ~ x`, expected a column", "add a column with these values"),
        ("y + z ~ x", Code::Target, "at character 3: found `+ z ~ x`, expected `~`", "one column before `~`"),
        ("y ~ x + y", Code::Target, "at character 9, `y`: the target `y` is in a term too", "leave it out"),
        ("y ~ ln(y)", Code::Target, "at character 5, `ln(y)`: the target `y` is in a term too", "leave it out"),
        ("y ~ I(x*y)", Code::Target, "at character 5, `I(x*y)`: the target `y` is in a term too", "leave it out"),
        ("y ~", Code::Term, "at the end of the formula: expected a term", "write a column"),
        ("y ~ 0", Code::Term, "the formula leaves neither a term nor the intercept", "`1` for the mean alone"),
        ("y ~ x - x - 1", Code::Term, "the formula leaves neither a term nor the intercept", "`1` for the mean alone"),
        ("y ~ x +", Code::Term, "at the end of the formula: expected a term", "write a column"),
        ("y ~ x * / z", Code::Term, "at character 9: found `/ z`, expected a term", "write a column"),
        ("y ~ x z", Code::Term, "at character 7: found `z`, expected a sign between two terms", "write `+` between terms"),
        ("y ~ x ~ z", Code::Term, "at character 7: found `~ z`, expected the end", "write `~` once"),
        ("y ~ (x", Code::Term, "at the end of the formula: expected `)`", "`)` at the end"),
        ("y ~ x)", Code::Term, "at character 6: found `)`, expected the end", "leave out the `)`"),
        ("y ~ é + #", Code::Term, "at character 9: found `#`", "in backticks"),
        ("y ~ 2*x", Code::Term, "at character 5: found `2*x`, expected a term", "a coefficient is fitted"),
        ("y ~ x + x^2", Code::Term, "at character 10, `^2`: outside `I()` a power means interactions", "`I(x^2)`"),
        ("y ~ x*x", Code::Term, "at character 6, `*x`: `x` combined with itself is `x` again", "`I(x^2)`"),
        ("y ~ a:x:x", Code::Term, "at character 8, `:x`: `x` combined with itself", "`I(x^2)`"),
        (
            "y ~ (a + b)^0",
            Code::Term,
            "at character 13: found `0`, expected the highest degree of interactions, from 1 to 16",
            "`(a + b)^2`",
        ),
        ("y ~ (a + b)^c", Code::Term, "at character 13: found `c`, expected the highest degree", "as a number"),
        ("y ~ a:1", Code::Term, "at character 7: found `1`, expected a term", "outside of interactions"),
        ("y ~ (a - 1)*b", Code::Term, "at character 10: found `1)*b`, expected a term", "outside of interactions"),
        ("y ~ (a + 0)^2", Code::Term, "at character 10: found `0)^2`, expected a term", "outside of interactions"),
        ("y ~ -a + b", Code::Term, "at character 5, `-a + b`: nothing stands before this `-`", "write the terms first"),
        ("y ~ a + -b", Code::Term, "at character 9, `-b`: nothing stands before this `-`", "write the terms first"),
        ("y ~ -1:a", Code::Term, "at character 7: found `:a`, expected a sign between two terms", "`+`"),
        ("y ~ exp(x)", Code::Term, "at character 5: found `exp(x)`, expected a function that a formula has", "add a column"),
        ("y ~ poly(x, 2)", Code::Term, "at character 5: found `poly(x, 2)`", "`x + I(x^2)`"),
        ("y ~ bs(x)", Code::Term, "at character 5: found `bs(x)`", "`rcs(x, 30, 50, 70)`"),
        ("y ~ x + (1 | site)", Code::Term, "at character 12: found `| site)`", "`C(group)`"),
        ("y ~ ln(x + 1)", Code::Term, "at character 10: found `+ 1)`, expected `)`", "add a column"),
        ("y ~ log(x, 2)", Code::Term, "at character 10: found `, 2)`, expected `)`", "`log10(x)`"),
        ("y ~ ln(sqrt(x))", Code::Term, "at character 8: found `sqrt(x))`, expected a column", "add a column"),
        ("y ~ C(x, Sum)", Code::Term, "at character 10: found `Sum)`, expected `Treatment`", "name the reference"),
        ("y ~ C(x, Treatment(2))", Code::Term, "at character 20: found `2))`, expected a level in quotes", "`Treatment('2')`"),
        ("y ~ factor(x, levels=z)", Code::Term, "at character 13: found `, levels=z)`, expected `)`", "in a schema"),
        ("y ~ C(x, Treatment('p')):C(x, Treatment('q'))", Code::Term, "at character 26, ", "name one reference"),
        ("y ~ rcs(x, 4)", Code::Term, "at character 5, `rcs(x, 4)`: a spline has at least 3 knots, and here are 1", "their number alone"),
        ("y ~ rcs(x, 1, 3, 2)", Code::Term, "at character 18, `2)`: the knot is not above the one before it", "increasing order"),
        ("y ~ rcs(x, 1, 2, z)", Code::Term, "at character 18: found `z)`, expected a knot", "`rcs(age, 30, 50, 70)`"),
        ("y ~ rcs(x, 1, 2, 1e99)", Code::ExponentTooLarge, "at character 18, `1e99)`: ", ""),
        ("y ~ I(x + z)", Code::Term, "at character 9: found `+ z)`, expected `*`, or `)`", "add a column with the sum"),
        ("y ~ I(x/z)", Code::Term, "at character 8: found `/z)`", "add a column with the quotient"),
        ("y ~ I(2*x)", Code::Term, "at character 7: found `2*x)`, expected a column", "a coefficient is fitted"),
        ("y ~ I(x^0.5)", Code::Term, "at character 9: found `0.5)`, expected a whole number", "`sqrt(x)`"),
        ("y ~ I(x^-1)", Code::Term, "at character 9: found `-1)`, expected a whole number", "add a column"),
        ("y ~ I(x^2^3)", Code::Term, "at character 10: found `^3)`", "`(x^2)^3`"),
        ("y ~ I((x^9)^9)", Code::Term, "at character 5, `I((x^9)^9)`: the powers add up to more than 16", "lower powers"),
        ("y ~ I(exp(x)^2)", Code::Term, "at character 7: found `exp(x)^2)`, expected a column", "add a column"),
        ("y ~ `a*b`", Code::ColumnName, "at character 5, ``a*b``: ", "rename"),
        ("y ~ Q('')", Code::EmptyColumnName, "at character 5, `Q('')`: ", "name"),
        ("y ~ Q(x)", Code::Term, "at character 7: found `x)`, expected a name in quotes", "`Q(\"name\")`"),
        ("y ~ `x`(z)", Code::Term, "at character 5: found ``x`(z)`, expected a column", "without `(`"),
        ("y ~ a + .", Code::NoColumns, "at character 9, `.`: `.` stands for all columns", "write the terms"),
    ] {
        let error = ModelFormula::parse(text, None).map(|formula| formula.to_string()).unwrap_err();
        assert!(error.code == code && error.sentence.starts_with(sentence) && error.help.contains(help), "{text}: {} {error}", error.code);
        assert!(error.found.is_some() || error.sentence.contains("leaves"), "{text}");
    }
    let lonely = ModelFormula::parse("y ~ .", Some(&["y".to_owned()])).unwrap_err();
    assert_eq!(
        (lonely.code, &*lonely.sentence),
        (Code::NoColumns, "at character 5, `.`: `.` stands for all columns but the target, and there are none")
    );
}

#[test]
fn what_is_only_removed_may_be_the_target() {
    let columns = ["y", "x"].map(str::to_owned);
    assert_eq!(ModelFormula::parse("y ~ . - y", Some(&columns)).unwrap().to_string(), "y ~ x");
    assert_eq!(parse("y ~ x - x").to_string(), "y ~ 1");
}

/// Formulas that would take long, or a deep stack, or much memory.
#[test]
fn limits_end_hostile_formulas() {
    let columns: Vec<String> = (0..40_000).map(|i| format!("x{i}")).collect();
    let sum = |count| columns[..count].join("+");
    let all_of_eleven = format!("({})^11", sum(11));
    let nested = |depth: usize| format!("y ~ {}x{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(parse(&nested(NESTING_MAX)).to_string(), "y ~ x");
    assert_eq!(parse(&format!("y ~ {all_of_eleven}")).terms.len(), FORMULA_TERMS_MAX - 1);
    assert_eq!(parse(&format!("y ~ {}x", "+".repeat(60_000))).to_string(), "y ~ x");
    assert_eq!(parse(&format!("y ~ x{}", "-x+x".repeat(16_000))).to_string(), "y ~ x");
    assert_eq!(parse(&format!("y ~ {}", sum(FORMULA_TERMS_MAX))).terms.len(), FORMULA_TERMS_MAX);
    for text in [
        nested(NESTING_MAX + 1),
        nested(30_000),
        format!("y ~ {}", "(".repeat(60_000)),
        format!("y ~ I({}x", "(".repeat(60_000)),
        format!("y ~ {}", " ".repeat(FORMULA_BYTES_MAX)),
        format!("y ~ {}", sum(FORMULA_TERMS_MAX + 1)),
        format!("y ~ ({})^16", sum(40)),
        format!("y ~ {}", sum(200).replace('+', "*")),
        format!("y ~ {}", sum(17).replace('+', ":")),
        format!("y ~ ({})/z", sum(17)),
        format!("y ~ z %in% ({})", sum(17)),
        format!("y ~ {}", [all_of_eleven.as_str(); 500].join(":")),
        "y ~ .".to_owned(),
        format!("y ~ {}.", ".+".repeat(30_000)),
    ] {
        let error = ModelFormula::parse(&text, Some(&columns)).map(|formula| formula.terms.len()).unwrap_err();
        assert_eq!(error.code, Code::Capacity, "{error}");
    }
    let few = &columns[..2000];
    let error = ModelFormula::parse(&format!("y ~ {}.", ".+".repeat(30_000)), Some(few)).unwrap_err();
    assert!(error.sentence.contains("combines terms more than"), "{error}");
    let calls = ModelFormula::parse(&format!("y ~ {}x", "C(".repeat(30_000)), None).unwrap_err();
    assert_eq!(calls.code, Code::Term);
    let minus = ModelFormula::parse(&format!("y ~ {}x", "- ".repeat(30_000)), None).unwrap_err();
    assert_eq!(minus.code, Code::Term);
}

/// Texts of signs and operands, which often are formulas.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "`d e`",
        "Q('f')",
        ".",
        "C(a)",
        "C(b, Treatment('p'))",
        "ln(a)",
        "rcs(b, 1, 2, 3)",
        "I(a^2*b)",
        "+",
        "+",
        "+",
        "-",
        "*",
        ":",
        "/",
        "%in%",
        "^2",
        "(",
        ")",
        "0",
        "1",
        "~",
        ",",
        "'",
        "I(",
        "c(",
        "=",
    ]);
    prop::collection::vec(piece, 1..24).prop_map(|pieces| format!("y ~ {}", pieces.join(" ")))
}

/// Formulas of the whole grammar.
fn expressions() -> impl Strategy<Value = String> {
    let operand = prop::sample::select(vec![
        "a",
        "b",
        "`it\\`s`",
        "é",
        "C(s)",
        "C(`t u`, Treatment('\\'p\\''))",
        "sqrt(a)",
        "log10(b)",
        "rcs(b, -1.50, 2, 3e1)",
        "I(b*a^2)",
        ".",
    ]);
    let expression = operand.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let sign = prop::sample::select(vec!["+", "-", "+", "*", ":", "/", " %in% "]);
        prop_oneof![
            (inner.clone(), sign, inner.clone()).prop_map(|(left, sign, right)| format!("({left}{sign}{right})")),
            (inner.clone(), inner, 1..4u32).prop_map(|(left, right, power)| format!("({left} + {right})^{power}")),
        ]
    });
    (expression, prop::sample::select(vec!["", " - 1", " + 0", " + 1"])).prop_map(|(terms, end)| format!("`t\\\\ 1` ~ {terms}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_formula_or_an_error(text in prop_oneof![any::<String>(), pieces()]) {
        let columns = ["y", "a", "g"].map(str::to_owned);
        match ModelFormula::parse(&text, Some(&columns)) {
            Ok(formula) => check_round_trip(&formula),
            Err(error) => prop_assert!(!error.help.is_empty() && !error.sentence.contains('\n'), "{error}"),
        }
    }

    #[test]
    fn any_formula_that_is_written_says_the_same(text in expressions()) {
        let columns = ["a", "h i", "g"].map(str::to_owned);
        let parsed = ParsedFormula::parse(&text);
        if let Ok(formula) = parsed.and_then(|parsed| parsed.expand(&columns)) {
            check_round_trip(&formula);
        }
    }
}

type Term = CategoricalTerm<Vec<String>, String>;

fn blocks_json(blocks: &[CodedBlock<String>]) -> Value {
    let name = |coding| if coding == CategoryCoding::Full { "full" } else { "reduced" };
    let block = |block: &CodedBlock<String>| block.iter().map(|coded| json!([coded.category, name(coded.coding)])).collect::<Value>();
    blocks.iter().map(block).collect()
}

/// `data/peers/codings_patsy.py` asks patsy for the codings of models, most of them drawn at random.
#[test]
fn codings_are_those_of_patsy() {
    let peers = peers("codings_patsy");
    let models = peers["models"].as_array().unwrap();
    assert!(models.len() >= 300);
    for model in models {
        let term =
            |term: &Value| Term { numeric: Some(strings(&term[0])).filter(|names| !names.is_empty()), categories: strings(&term[1]) };
        let terms: Vec<Term> = model[1].as_array().unwrap().iter().map(term).collect();
        let blocks = full_rank_coding(model[0] == 1, &terms).unwrap();
        assert_eq!(blocks.iter().map(|blocks| blocks_json(blocks)).collect::<Value>(), model[2], "{}", model[1]);
    }
}

/// Returns the number of columns of some blocks, if every category has three levels.
fn columns(blocks: &[CodedBlock<String>]) -> usize {
    let levels = |coding| if coding == CategoryCoding::Full { 3 } else { 2 };
    blocks.iter().map(|block| block.iter().map(|coded| levels(coded.coding)).product::<usize>()).sum()
}

/// Returns the dimension of what some terms and an intercept span: each set of categories that is in a term adds the product of levels - 1.
fn dimension(has_intercept: bool, terms: &[Term]) -> usize {
    let mut spanned: BTreeSet<(Option<Vec<String>>, BTreeSet<&String>)> = BTreeSet::new();
    if has_intercept {
        spanned.insert((None, BTreeSet::new()));
    }
    for term in terms {
        for mask in 0..1_usize << term.categories.len() {
            let chosen = term.categories.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, category)| category);
            spanned.insert((term.numeric.clone(), chosen.collect()));
        }
    }
    spanned.iter().map(|(_, categories)| 1 << categories.len()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn codings_have_as_many_columns_as_they_span(
        has_intercept in any::<bool>(),
        terms in prop::collection::vec((0..3usize, prop::collection::btree_set("[a-f]", 0..5)), 0..8),
    ) {
        let numeric = |count: usize| (count > 0).then(|| vec!["x".to_owned(); count]);
        let terms: Vec<Term> =
            terms.into_iter().map(|(count, names)| Term { numeric: numeric(count), categories: names.into_iter().collect() }).collect();
        let blocks = full_rank_coding(has_intercept, &terms).unwrap();
        prop_assert_eq!(blocks.len(), terms.len());
        let found = usize::from(has_intercept) + blocks.iter().map(|blocks| columns(blocks)).sum::<usize>();
        prop_assert_eq!(found, dimension(has_intercept, &terms));
    }
}

#[test]
fn categories_of_a_term_have_a_limit() {
    let term = |count: usize| Term { numeric: None, categories: (0..count).map(|i| format!("c{i}")).collect() };
    let blocks = full_rank_coding(false, &[term(CATEGORIES_MAX)]).unwrap();
    assert!(blocks[0].len() == 1 && blocks[0][0].iter().all(|coded| coded.coding == CategoryCoding::Full));
    let split = full_rank_coding(true, &[term(CATEGORIES_MAX)]).unwrap();
    assert_eq!(1 + columns(&split[0]), 3_usize.pow(CATEGORIES_MAX as u32));
    assert_eq!(full_rank_coding(true, &[term(CATEGORIES_MAX + 1)]).unwrap_err().code, Code::Capacity);
    // a term that stands twice, and a category that stands twice in a term
    let twice = Term { numeric: None, categories: vec!["a".to_owned(), "a".to_owned()] };
    let blocks = full_rank_coding(true, &[twice.clone(), twice]).unwrap();
    assert_eq!(blocks.iter().map(|blocks| blocks_json(blocks)).collect::<Value>(), json!([[[["a", "reduced"]]], []]));
}

/// Terms are settled together: a later term with fewer categories comes first, and terms with other numerical factors do not matter.
#[test]
fn terms_of_one_numerical_part_share_their_parts() {
    let term = |numeric: &[&str], categories: &[&str]| Term {
        numeric: (!numeric.is_empty()).then(|| numeric.iter().map(|name| (*name).to_owned()).collect()),
        categories: categories.iter().map(|name| (*name).to_owned()).collect(),
    };
    let terms = [term(&[], &["a", "b"]), term(&["x"], &["a"]), term(&[], &["b"]), term(&["x"], &[])];
    let blocks = full_rank_coding(true, &terms).unwrap();
    let want = json!([[[["a", "reduced"], ["b", "full"]]], [[["a", "reduced"]]], [[["b", "reduced"]]], [[]]]);
    assert_eq!(blocks.iter().map(|blocks| blocks_json(blocks)).collect::<Value>(), want);
}
