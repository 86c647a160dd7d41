//! The units of a field: their names, factors and plausible ranges, and the conversion of values.
//!
//! *Invariants*: converting to the field's own unit multiplies by an exact decimal, so it is exact. Converting back divides, and may round.

use crate::decimal::{Decimal, parse};
use crate::ratio::Ratio;
use crate::schema::{Coding, Field};
use serde_json::{Value, json};

/// How many more digits after the point a value in another unit has than one in the field's own unit.
const MORE_DECIMALS: u32 = 2;
/// How many further digits are tried if rounding inwards leaves no value in a narrow range.
const TRIED_DECIMALS: u32 = 60;

/// A unit in which the value of a field may be given.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// UCUM code; `None` for a number without a unit.
    pub(super) name: Option<String>,
    /// Factor: value in the field's own unit = value in this unit * `to_base`.
    pub(super) to_base: Decimal,
    /// Digits after the point that a value in this unit is given with.
    pub(super) decimals: Option<u32>,
    /// Least and greatest plausible value in this unit, rounded inwards. The ends belong to the range; `None` is no limit.
    pub(super) plausible: (Option<Decimal>, Option<Decimal>),
    code: Option<Coding>,
}

/// Returns the units of a field, its own first.
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

/// Divides the ends of a range by a factor, and rounds each end towards the other.
fn inwards(ends: &(Option<Decimal>, Option<Decimal>), to_base: &Decimal, decimals: u32) -> (Option<Decimal>, Option<Decimal>) {
    let at = |scale: u32| {
        let up = |end: &Decimal| floor(&end.negated(), to_base, scale).negated();
        (ends.0.as_ref().map(up), ends.1.as_ref().map(|end| floor(end, to_base, scale)))
    };
    let is_not_empty = |range: &(Option<Decimal>, Option<Decimal>)| !matches!(range, (Some(min), Some(max)) if min > max);
    (decimals..=decimals + TRIED_DECIMALS).map(at).find(is_not_empty).unwrap_or((None, None))
}

fn floor(value: &Decimal, divisor: &Decimal, scale: u32) -> Decimal {
    let (numerator, denominator) = as_integers(value, divisor);
    Decimal::floor(&numerator, &denominator, scale)
}

/// Returns the quotient of two decimals as numerator and denominator. The divisor is above zero.
pub(super) fn as_integers(value: &Decimal, divisor: &Decimal) -> (dashu_int::IBig, dashu_int::IBig) {
    let scale = value.scale.max(divisor.scale);
    (value.mantissa_at(scale), divisor.mantissa_at(scale))
}

impl Unit {
    /// Converts a value from this unit to the field's own, exactly.
    pub(super) fn to_base(&self, value: &Decimal) -> Decimal {
        value.times(&self.to_base).normalized()
    }

    /// Converts a value from the field's own unit to this one: exactly if the quotient is a finite decimal, else rounded to
    /// [`Self::decimals`].
    pub(super) fn of_base(&self, value: &Decimal) -> Decimal {
        let (numerator, denominator) = as_integers(value, &self.to_base);
        let scale = self.decimals.unwrap_or(value.scale + MORE_DECIMALS);
        let nearest = || Decimal::nearest(&numerator, &denominator, scale);
        Ratio::new(numerator.clone(), denominator.clone()).to_decimal().unwrap_or_else(nearest).normalized()
    }

    /// Returns whether the text is exactly the name or label of this unit.
    pub(super) fn is(&self, text: &str) -> bool {
        self.name.as_deref() == Some(text) || self.label() == Some(text)
    }

    /// Returns whether the text names this unit, ignoring case, spaces, brackets and raised digits.
    fn is_like(&self, text: &str) -> bool {
        let like = |name: Option<&str>| name.is_some_and(|name| plain(name) == plain(text));
        like(self.name.as_deref()) || like(self.label())
    }

    /// Returns the unit as people write it: `mmHg` for `mm[Hg]`.
    pub(super) fn label(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        Some(LABELS.iter().find(|(ucum, _)| *ucum == name).map_or(name, |(_, label)| *label))
    }

    /// Writes a number with this unit.
    pub(super) fn shown(&self, value: &str) -> String {
        self.label().map_or_else(|| value.to_owned(), |label| format!("{value} {label}"))
    }

    /// Returns the plausible range as English text, `from 30 to 1000 mg/dL`; `None` if there is no limit.
    pub(super) fn range_text(&self) -> Option<String> {
        let text = match &self.plausible {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => return None,
        };
        Some(self.shown(&text))
    }

    /// Returns the plausible range in this unit; `None` if it has no limit.
    pub(super) fn limits(&self) -> Option<Limits> {
        let text = |end: &Option<Decimal>| end.as_ref().map(Decimal::to_string);
        let (min, max) = (text(&self.plausible.0), text(&self.plausible.1));
        (min.is_some() || max.is_some()).then(|| Limits { min, max, unit: self.name.clone(), exclusive: false })
    }

    /// Returns the unit as a form's document describes it.
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

/// The ends of a range, for people and programs that do not read English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) min: Option<String>,
    pub(super) max: Option<String>,
    /// UCUM code of the unit of both ends.
    pub(super) unit: Option<String>,
    /// Whether the ends themselves are outside the range.
    pub(super) exclusive: bool,
}

impl Limits {
    /// Returns `{"min": .., "max": .., "unit": .., "exclusive": ..}`, with decimal numbers as text and null for no limit.
    pub(super) fn to_json(&self) -> Value {
        json!({"min": self.min, "max": self.max, "unit": self.unit, "exclusive": self.exclusive})
    }
}

/// Returns whether a value lies in a range. The ends belong to it; `None` is no limit.
pub(super) fn within(value: &Decimal, (min, max): &(Option<Decimal>, Option<Decimal>)) -> bool {
    min.as_ref().is_none_or(|min| value >= min) && max.as_ref().is_none_or(|max| value <= max)
}

/// Finds the unit that a text names: an exact match, else the only similar one.
pub(super) fn find<'a>(units: &'a [Unit], text: &str) -> Option<&'a Unit> {
    let like: Vec<&Unit> = units.iter().filter(|unit| unit.is_like(text)).collect();
    units.iter().find(|unit| unit.is(text)).or(match like[..] {
        [unit] => Some(unit),
        _ => None,
    })
}

/// Returns the labels of all units for a message: `mg/dL or mmol/L`.
pub(super) fn list(units: &[Unit]) -> String {
    let labels: Vec<&str> = units.iter().filter_map(Unit::label).collect();
    if labels.is_empty() { "a number without a unit".to_owned() } else { labels.join(" or ") }
}

/// UCUM codes, and how people write these units.
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

/// Returns a unit's name in lower case, without spaces and brackets, with plain digits and `u` for micro.
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
    fn converting_is_exact_and_converting_back_divides() {
        let units = cholesterol();
        assert_eq!(units[1].to_base(&decimal("5.2")).to_string(), "201.084");
        assert_eq!(units[1].of_base(&decimal("201.084")).to_string(), "5.2");
        assert_eq!(units[1].of_base(&decimal("200")).to_string(), "5.17");
        assert_eq!(units[1].range_text().unwrap(), "from 0.78 to 25.85 mmol/L");
    }

    #[test]
    fn units_are_found_as_people_write_them() {
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
    fn a_narrow_range_still_holds_values() {
        let ends = (Some(decimal("0.1")), Some(decimal("0.2")));
        let (min, max) = inwards(&ends, &decimal("38.67"), 2);
        assert_eq!((min.unwrap().to_string(), max.unwrap().to_string()), ("0.003".to_owned(), "0.005".to_owned()));
    }

    proptest! {
        #[test]
        fn a_converted_value_converts_back(mantissa in -1_000_000_000i64..1_000_000_000, scale in 0u32..9, factor in 1i64..1_000_000, factor_scale in 0u32..5) {
            let mut unit = cholesterol().remove(1);
            unit.to_base = Decimal { mantissa: factor.into(), scale: factor_scale };
            let value = Decimal { mantissa: mantissa.into(), scale };
            prop_assert_eq!(unit.of_base(&unit.to_base(&value)), value);
        }
    }
}
