//! A FHIR R4 record to values for the form, or to reasons why not.
//!
//! A value is found by system and code, and taken in the unit that its UCUM code names; free text does not count. Of several the newest is
//! taken. Limits (`<`, `>`), other units and results that are not final are refused by name; so is a record of more than one person, whatever
//! else it holds.
//!
//! *Not here*: the person's consent, without which nothing of it is used.

use samefit_render::documents::list;
use serde_json::Value;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Name and birth date, for the person to compare.
    pub patient: String,
    /// Values for the form, in its order.
    pub found: Vec<Found>,
    /// What was refused.
    pub refused: Vec<Refused>,
}

/// One value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Name of the form's field.
    pub field: String,
    /// The number as text.
    pub value: String,
    /// Its UCUM unit.
    pub unit: Option<String>,
    /// When it was measured.
    pub date: String,
    /// A name of a text, `fhir.note.*`, or what the schema says of the code, or nothing.
    pub note: String,
}

/// One value that is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// A name of a text, `fhir.refused.*`.
    pub why: &'static str,
    /// Name of the form's field.
    pub field: String,
    /// What stood there.
    pub found: String,
}

const FINAL: [&str; 3] = ["final", "amended", "corrected"];

/// Reads a Bundle, a Patient or an Observation, or an array of them. `fields`: the form's.
///
/// # Errors
/// The name of a text, and what stood there.
pub fn read(text: &str, fields: &[Value]) -> Result<Findings, (&'static str, String)> {
    let document: Value = serde_json::from_str(text).map_err(|error| ("fhir.refused.json", error.to_string()))?;
    let resources = resources(&document)?;
    let people = people(&resources);
    if people > 1 {
        return Err(("fhir.refused.people", people.to_string()));
    }
    let mut seen = Vec::new();
    let mut findings = Findings::default();
    for resource in resources.iter().filter(|resource| resource["resourceType"] == "Observation") {
        let parts = list(&resource["component"]).iter();
        for part in std::iter::once(*resource).chain(parts) {
            match look(resource, part, fields) {
                Some(Ok(found)) => seen.push(found),
                Some(Err(refused)) => findings.refused.push(refused),
                None => {}
            }
        }
    }
    if let Some(patient) = resources.iter().find(|resource| resource["resourceType"] == "Patient") {
        findings.patient = described(patient);
        seen.extend(age(patient, &seen, fields));
    }
    findings.found = fields.iter().filter_map(|field| newest(&seen, field["name"].as_str()?)).collect();
    Ok(findings)
}

fn resources(document: &Value) -> Result<Vec<&Value>, (&'static str, String)> {
    match document["resourceType"].as_str() {
        Some("Bundle") => Ok(list(&document["entry"]).iter().map(|entry| &entry["resource"]).collect()),
        Some("Patient" | "Observation") => Ok(vec![document]),
        Some(other) => Err(("fhir.refused.kind", other.to_owned())),
        None if document.is_array() => Ok(list(document).iter().collect()),
        None => Err(("fhir.refused.kind", "JSON".to_owned())),
    }
}

/// Of how many people a record is, as far as it says: patients, or different subjects of observations if those are more.
fn people(resources: &[&Value]) -> usize {
    let of = |kind: &'static str| resources.iter().filter(move |resource| resource["resourceType"] == kind);
    let mut subjects: Vec<&str> = of("Observation").filter_map(|observation| observation["subject"]["reference"].as_str()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects.len().max(of("Patient").count())
}

/// The field and unit that an observation, or a component of one, is for; whether it can be used.
fn look(observation: &Value, part: &Value, fields: &[Value]) -> Option<Result<Found, Refused>> {
    let Match { field, code, unit, other } = list(&part["code"]["coding"]).iter().find_map(|coding| matching(coding, fields))?;
    let name = field["name"].as_str()?.to_owned();
    let refuse = |why, found: &str| Some(Err(Refused { why, field: name.clone(), found: found.to_owned() }));
    let status = observation["status"].as_str().unwrap_or("\u{2013}");
    if !FINAL.contains(&status) {
        return refuse("fhir.refused.status", status);
    }
    let quantity = &part["valueQuantity"];
    let Some(value) = quantity["value"].as_number() else { return refuse("fhir.refused.value", "") };
    if let Some(comparator) = quantity["comparator"].as_str() {
        return refuse("fhir.refused.comparator", &format!("{comparator} {value}"));
    }
    let ucum = quantity["code"].as_str().or_else(|| quantity["unit"].as_str()).unwrap_or("\u{2013}");
    let in_system = quantity["system"].as_str().is_none_or(|system| system == "http://unitsofmeasure.org");
    // another code says nothing of the unit: whichever of the field's it is
    let named = |unit: &&Value| other.is_some() && unit["unit"].is_string() && unit["unit"] == quantity["code"];
    let expected = list(&field["units"]).iter().find(named).unwrap_or(unit)["unit"].as_str();
    // a ratio has no unit, or that of one
    let fits =
        quantity["code"].as_str().map_or(expected.is_none(), |code| expected.map_or(code == "1" || code == "{ratio}", |unit| unit == code));
    if !fits || !in_system {
        return refuse("fhir.refused.unit", ucum);
    }
    let note = other.map_or_else(|| note(code, field).to_owned(), str::to_owned);
    Some(Ok(Found { field: name, value: value.to_string(), unit: expected.map(str::to_owned), date: date(observation), note }))
}

/// A field for a code.
struct Match<'a> {
    field: &'a Value,
    code: &'a str,
    unit: &'a Value,
    /// What the schema says of the code, if it is not the field's own.
    other: Option<&'a str>,
}

/// The field that has this code for one of its units, or among its other codes.
fn matching<'a>(coding: &'a Value, fields: &'a [Value]) -> Option<Match<'a>> {
    let (system, code) = (coding["system"].as_str()?, coding["code"].as_str()?);
    let is = |known: &Value| known["system"] == system && known["code"] == code;
    fields.iter().find_map(|field| {
        let own = list(&field["units"]).iter().find(|unit| is(&unit["code"])).map(|unit| (unit, None));
        let other =
            || list(&field["other_codes"]).iter().find(|known| is(known)).map(|known| (&field["units"][0], known["title"].as_str()));
        own.or_else(other).map(|(unit, other)| Match { field, code, unit, other })
    })
}

fn note(code: &str, field: &Value) -> &'static str {
    let first = &field["units"][0]["code"]["code"];
    match code {
        // the codes of the mass concentrations are certain, but for two; the others come from code lists
        "2571-8" | "9830-1" => "fhir.note.list",
        code if first != code => "fhir.note.list",
        _ => "",
    }
}

fn date(observation: &Value) -> String {
    let period = &observation["effectivePeriod"];
    let dates =
        [&observation["effectiveDateTime"], &observation["effectiveInstant"], &period["end"], &period["start"], &observation["issued"]];
    dates.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
}

/// Dates of one record are written alike, so that their text tells which is newer.
fn newest(seen: &[Found], field: &str) -> Option<Found> {
    seen.iter().filter(|found| found.field == field).max_by(|a, b| a.date.cmp(&b.date)).cloned()
}

fn described(patient: &Value) -> String {
    let name = &patient["name"][0];
    let given = list(&name["given"]).iter().filter_map(Value::as_str);
    let parts = given.chain(name["family"].as_str()).chain(name["text"].as_str().filter(|_| name["family"].is_null()));
    let birth = patient["birthDate"].as_str();
    parts.chain(birth).collect::<Vec<_>>().join(" ")
}

/// Whole years from the birth date to the newest value, for a field `age` in years.
fn age(patient: &Value, seen: &[Found], fields: &[Value]) -> Option<Found> {
    let field = fields.iter().find(|field| field["name"] == "age" && field["units"][0]["unit"] == "a")?;
    let at = seen.iter().map(|found| found.date.as_str()).max().filter(|date| !date.is_empty())?;
    let (born, then) = (day(patient["birthDate"].as_str()?)?, day(at)?);
    let had_birthday = (then.1, then.2) >= (born.1, born.2);
    let years = then.0 - born.0 - i32::from(!had_birthday);
    let name = field["name"].as_str()?.to_owned();
    Some(Found { field: name, value: years.to_string(), unit: Some("a".to_owned()), date: at.to_owned(), note: "fhir.note.age".to_owned() })
}

/// Year, month and day of a date that has all three.
fn day(date: &str) -> Option<(i32, u32, u32)> {
    let mut parts = date.get(..10)?.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
    use super::*;
    use serde_json::json;

    fn loinc(code: &str) -> Value {
        json!({"system": "http://loinc.org", "code": code})
    }

    fn fields() -> Vec<Value> {
        vec![
            json!({"name": "age", "units": [{"unit": "a", "code": null}]}),
            json!({"name": "systolic", "units": [{"unit": "mm[Hg]", "code": loinc("8480-6")}]}),
            json!({"name": "tc", "units": [{"unit": "mg/dL", "code": loinc("2093-3")}, {"unit": "mmol/L", "code": loinc("14647-2")}]}),
        ]
    }

    fn observation(code: &str, value: f64, unit: &str, date: &str) -> Value {
        let quantity = json!({"value": value, "system": "http://unitsofmeasure.org", "code": unit, "unit": "whatever"});
        json!({"resourceType": "Observation", "status": "final", "code": {"coding": [loinc(code)]},
            "effectiveDateTime": date, "valueQuantity": quantity})
    }

    fn bundle(resources: &[Value]) -> String {
        let entries: Vec<_> = resources.iter().map(|resource| json!({"resource": resource})).collect();
        json!({"resourceType": "Bundle", "entry": entries}).to_string()
    }

    #[test]
    fn the_newest_value_counts_in_its_own_unit() {
        let old = observation("2093-3", 190.0, "mg/dL", "2020-01-01");
        let new = observation("14647-2", 5.2, "mmol/L", "2024-05-01T08:00:00Z");
        let findings = read(&bundle(&[new, old]), &fields()).unwrap();
        let tc = &findings.found[0];
        assert_eq!((tc.value.as_str(), tc.unit.as_deref(), tc.note.as_str()), ("5.2", Some("mmol/L"), "fhir.note.list"));
        assert!(tc.date.starts_with("2024-05-01"));
    }

    #[test]
    fn panels_are_read_and_ages_counted() {
        let patient = json!({"resourceType": "Patient", "birthDate": "1964-05-02", "gender": "female",
            "name": [{"given": ["Ada"], "family": "Test"}]});
        let part = json!({"code": {"coding": [loinc("8480-6")]}, "valueQuantity": {"value": 139, "code": "mm[Hg]"}});
        let panel = json!({"resourceType": "Observation", "status": "amended", "code": {"coding": [loinc("85354-9")]},
            "effectiveDateTime": "2024-05-01", "component": [part]});
        let findings = read(&bundle(&[patient, panel]), &fields()).unwrap();
        let found: Vec<_> = findings.found.iter().map(|found| (found.field.as_str(), found.value.as_str())).collect();
        assert_eq!(found, [("age", "59"), ("systolic", "139")]);
        assert_eq!(findings.patient, "Ada Test 1964-05-02");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let mut preliminary = observation("2093-3", 190.0, "mg/dL", "2024-01-01");
        preliminary["status"] = json!("preliminary");
        let mut limit = observation("2093-3", 30.0, "mg/dL", "2024-01-02");
        limit["valueQuantity"]["comparator"] = json!("<");
        let other = observation("2093-3", 5.2, "mmol/L", "2024-01-03");
        let stranger = observation("1-1", 5.2, "mmol/L", "2024-01-03");
        let findings = read(&bundle(&[preliminary, limit, other, stranger]), &fields()).unwrap();
        assert!(findings.found.is_empty());
        let why: Vec<_> = findings.refused.iter().map(|refused| (refused.why, refused.found.as_str())).collect();
        assert_eq!(why, [("fhir.refused.status", "preliminary"), ("fhir.refused.comparator", "< 30.0"), ("fhir.refused.unit", "mmol/L")]);
    }

    #[test]
    fn a_record_of_several_people_is_refused() {
        let of = |subject: &str, code: &str| {
            let mut one = observation(code, 5.2, "mmol/L", "2024-01-01");
            one["subject"] = json!({"reference": subject});
            one
        };
        let patient = json!({"resourceType": "Patient", "birthDate": "1964-05-02"});
        let (ada, eve) = (of("Patient/ada", "14647-2"), of("Patient/eve", "8480-6"));
        for several in [vec![ada.clone(), eve], vec![patient.clone(), patient.clone()], vec![ada.clone(), patient.clone(), patient.clone()]]
        {
            assert_eq!(read(&bundle(&several), &fields()), Err(("fhir.refused.people", "2".to_owned())));
        }
        let one = read(&bundle(&[patient, ada.clone(), ada, observation("2093-3", 190.0, "mg/dL", "2020-01-01")]), &fields()).unwrap();
        assert_eq!(one.found.len(), 2);
    }

    #[test]
    fn other_documents_are_refused() {
        assert_eq!(read("{", &[]).unwrap_err().0, "fhir.refused.json");
        assert_eq!(read(r#"{"resourceType": "Claim"}"#, &[]).unwrap_err(), ("fhir.refused.kind", "Claim".to_owned()));
    }
}
