//! The units of a field: factors, names, ranges, and a value from one unit to another.
//!
//! *Invariants*: a value in the field's own unit is the value in the other times an exact decimal; the way back divides.

use crate::decimal::{Decimal, parse};
use crate::schema::{Coding, Field};
use crate::solve::ratio::Ratio;
use serde_json::{Value, json};

/// Digits after the point that another unit has beyond those of the field's own.
const MORE_DECIMALS: u32 = 2;
/// Digits after the point that are tried beyond these, for a range so narrow that rounding would empty it.
const TRIED_DECIMALS: u32 = 60;

/// A unit in which a field's value may be given.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// UCUM; none for a number without unit.
    pub(super) name: Option<String>,
    /// Value in the field's own unit = value in this one times this.
    pub(super) to_base: Decimal,
    /// Digits after the point of a value.
    pub(super) decimals: Option<u32>,
    /// Ends of the plausible range in this unit, rounded inwards.
    pub(super) plausible: (Option<Decimal>, Option<Decimal>),
    code: Option<Coding>,
}

/// The units of a field, its own first.
pub(super) fn of(field: &Field) -> Vec<Unit> {
    let ends = field.plausible.as_ref().map_or((None, None), |plausible| plausible.ends());
    let own = Unit {
        name: field.unit.clone(),
        to_base: Decimal::from(1),
        decimals: field.decimals,
        plausible: ends.clone(),
        code: field.code.clone(),
    };
    let others = field.other_units.iter().flatten().filter_map(|other| {
        // the schema was checked, so there is a factor
        let to_base = parse(other.to_base.as_bytes()).ok()?;
        let decimals = field.decimals.map(|decimals| decimals + MORE_DECIMALS);
        let plausible = inwards(&ends, &to_base, decimals.unwrap_or(MORE_DECIMALS));
        Some(Unit { name: Some(other.unit.clone()), to_base, decimals, plausible, code: other.code.clone() })
    });
    std::iter::once(own).chain(others).collect()
}

/// A range over a factor, each end rounded towards the other.
fn inwards(ends: &(Option<Decimal>, Option<Decimal>), to_base: &Decimal, decimals: u32) -> (Option<Decimal>, Option<Decimal>) {
    let at = |scale: u32| {
        let up = |end: &Decimal| floor(&end.negated(), to_base, scale).negated();
        (ends.0.as_ref().map(up), ends.1.as_ref().map(|end| floor(end, to_base, scale)))
    };
    let holds_something = |range: &(Option<Decimal>, Option<Decimal>)| !matches!(range, (Some(min), Some(max)) if min > max);
    (decimals..=decimals + TRIED_DECIMALS).map(at).find(holds_something).unwrap_or((None, None))
}

fn floor(value: &Decimal, divisor: &Decimal, scale: u32) -> Decimal {
    let (numerator, denominator) = as_integers(value, divisor);
    Decimal::floor(&numerator, &denominator, scale)
}

/// The quotient of two decimals as one of integers; the divisor is above zero.
pub(super) fn as_integers(value: &Decimal, divisor: &Decimal) -> (dashu_int::IBig, dashu_int::IBig) {
    let scale = value.scale.max(divisor.scale);
    (value.mantissa_at(scale), divisor.mantissa_at(scale))
}

impl Unit {
    /// A value in this unit in the field's own, exactly.
    pub(super) fn to_base(&self, value: &Decimal) -> Decimal {
        value.times(&self.to_base).normalized()
    }

    /// A value in the field's own unit in this one: exact where the quotient ends, else the nearest of [`Self::decimals`].
    pub(super) fn of_base(&self, value: &Decimal) -> Decimal {
        let (numerator, denominator) = as_integers(value, &self.to_base);
        let scale = self.decimals.unwrap_or(value.scale + MORE_DECIMALS);
        let nearest = || Decimal::nearest(&numerator, &denominator, scale);
        Ratio::new(numerator.clone(), denominator.clone()).to_decimal().unwrap_or_else(nearest).normalized()
    }

    /// Whether the text names this unit as it is written.
    pub(super) fn is(&self, text: &str) -> bool {
        self.name.as_deref() == Some(text) || self.label() == Some(text)
    }

    /// Whether the text names this unit but for case, spaces, brackets and raised digits.
    fn is_like(&self, text: &str) -> bool {
        let like = |name: Option<&str>| name.is_some_and(|name| plain(name) == plain(text));
        like(self.name.as_deref()) || like(self.label())
    }

    /// As people write it.
    pub(super) fn label(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        Some(LABELS.iter().find(|(ucum, _)| *ucum == name).map_or(name, |(_, label)| *label))
    }

    /// A number with its unit.
    pub(super) fn shown(&self, value: &str) -> String {
        self.label().map_or_else(|| value.to_owned(), |label| format!("{value} {label}"))
    }

    /// The plausible range in words; none where there is none.
    pub(super) fn range_text(&self) -> Option<String> {
        let text = match &self.plausible {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => return None,
        };
        Some(self.shown(&text))
    }

    pub(super) fn to_json(&self) -> Value {
        let text = |end: &Option<Decimal>| end.as_ref().map(Decimal::to_string);
        let plausible = match &self.plausible {
            (None, None) => Value::Null,
            (min, max) => json!({"min": text(min), "max": text(max)}),
        };
        json!({
            "unit": self.name, "label": self.label(), "to_base": self.to_base.to_string(), "decimals": self.decimals,
            "plausible": plausible, "code": self.code,
        })
    }
}

/// Whether a value lies in a range; ends that are not there are infinite.
pub(super) fn within(value: &Decimal, (min, max): &(Option<Decimal>, Option<Decimal>)) -> bool {
    min.as_ref().is_none_or(|min| value >= min) && max.as_ref().is_none_or(|max| value <= max)
}

/// The unit that a text names: as it is written, else if one alone is like it.
pub(super) fn find<'a>(units: &'a [Unit], text: &str) -> Option<&'a Unit> {
    let like: Vec<&Unit> = units.iter().filter(|unit| unit.is_like(text)).collect();
    units.iter().find(|unit| unit.is(text)).or(match like[..] {
        [unit] => Some(unit),
        _ => None,
    })
}

/// Labels of all units, for a message.
pub(super) fn list(units: &[Unit]) -> String {
    let labels: Vec<&str> = units.iter().filter_map(Unit::label).collect();
    if labels.is_empty() { "a number without a unit".to_owned() } else { labels.join(" or ") }
}

/// UCUM beside what people write.
const LABELS: [(&str, &str); 8] = [
    ("a", "years"),
    ("mo", "months"),
    ("mm[Hg]", "mmHg"),
    ("kg/m2", "kg/m²"),
    ("Cel", "°C"),
    ("umol/L", "µmol/L"),
    ("ug/L", "µg/L"),
    ("[lb_av]", "lb"),
];

/// A unit's name without what people write in many ways.
fn plain(name: &str) -> String {
    let lower = name.chars().flat_map(char::to_lowercase);
    let unified = lower.filter(|c| !c.is_whitespace() && !matches!(c, '[' | ']')).map(|c| match c {
        '²' => '2',
        '³' => '3',
        'µ' | 'μ' => 'u',
        c => c,
    });
    unified.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{OtherUnit, Plausible};
    use proptest::prelude::*;

    fn cholesterol() -> Vec<Unit> {
        of(&Field {
            name: "tc".into(),
            unit: Some("mg/dL".into()),
            other_units: Some(vec![OtherUnit { unit: "mmol/L".into(), to_base: "38.67".into(), code: None }]),
            plausible: Some(Plausible { min: Some("30".into()), max: Some("1000".into()) }),
            decimals: Some(0),
            ..Field::default()
        })
    }

    fn decimal(text: &str) -> Decimal {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn there_is_exact_and_back_divides() {
        let units = cholesterol();
        assert_eq!(units[1].to_base(&decimal("5.2")).to_string(), "201.084");
        assert_eq!(units[1].of_base(&decimal("201.084")).to_string(), "5.2");
        assert_eq!(units[1].of_base(&decimal("200")).to_string(), "5.17");
        assert_eq!(units[1].range_text().unwrap(), "from 0.78 to 25.85 mmol/L");
    }

    #[test]
    fn units_are_known_as_people_write_them() {
        let units = cholesterol();
        for (text, at) in [("mg/dL", 0), ("mg/dl", 0), ("MMOL/L", 1), ("mmol / l", 1)] {
            assert_eq!(find(&units, text).unwrap().name, units[at].name, "{text}");
        }
        assert!(find(&units, "mol/L").is_none());
        let pressure = of(&Field { unit: Some("mm[Hg]".into()), ..Field::default() });
        assert!(["mm[Hg]", "mmHg", "mm Hg", "mmhg"].iter().all(|text| find(&pressure, text).is_some()));
        let index = of(&Field { unit: Some("kg/m2".into()), ..Field::default() });
        assert!(["kg/m2", "kg/m²"].iter().all(|text| find(&index, text).is_some()));
    }

    #[test]
    fn a_narrow_range_keeps_values() {
        let ends = (Some(decimal("0.1")), Some(decimal("0.2")));
        let (min, max) = inwards(&ends, &decimal("38.67"), 2);
        assert_eq!((min.unwrap().to_string(), max.unwrap().to_string()), ("0.003".to_owned(), "0.005".to_owned()));
    }

    proptest! {
        #[test]
        fn what_was_converted_comes_back(mantissa in -1_000_000_000i64..1_000_000_000, scale in 0u32..9, factor in 1i64..1_000_000, factor_scale in 0u32..5) {
            let mut unit = cholesterol().remove(1);
            unit.to_base = Decimal { mantissa: factor.into(), scale: factor_scale };
            let value = Decimal { mantissa: mantissa.into(), scale };
            prop_assert_eq!(unit.of_base(&unit.to_base(&value)), value);
        }
    }
}
