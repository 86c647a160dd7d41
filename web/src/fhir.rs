//! Reads values for the form from a FHIR R4 record.
//!
//! A value is found by its code and the code's system. Its UCUM code names the unit; the free text of the unit is ignored. The newest of
//! several values is taken. Limits (`<`, `>`), other units and results that are not final are refused, each with its reason. A record of
//! more than one person is refused as a whole.
//!
//! *Not here*: the person's confirmation. No value is used without it.

use samefit_render::documents::list;
use serde_json::Value;

/// The values of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FhirValues {
    /// Name and birth date, so that the person can compare them.
    pub patient: String,
    /// Values for the form, in the order of its fields.
    pub values: Vec<FhirValue>,
    /// Values that are not used.
    pub refused: Vec<RefusedValue>,
}

/// A value for a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FhirValue {
    /// Name of the form's field.
    pub field: String,
    /// The number as text.
    pub value: String,
    /// Its UCUM unit.
    pub unit: Option<String>,
    /// When it was measured.
    pub date: String,
    /// Name of a text `fhir.note.*`, or what the schema says of the code, or nothing.
    pub note: String,
}

/// A value that is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedValue {
    /// The reason: name of a text `fhir.refused.*`.
    pub reason: &'static str,
    /// Name of the form's field.
    pub field: String,
    /// What the record says.
    pub found: String,
}

/// Why a whole document is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedRecord {
    /// The reason: name of a text `fhir.refused.*`.
    pub reason: &'static str,
    /// What the document says.
    pub found: String,
}

/// Status of an observation whose value may be used.
const FINAL: [&str; 3] = ["final", "amended", "corrected"];

/// Reads a Bundle, a Patient or an Observation, or an array of them. `fields` are the form's.
///
/// # Errors
/// The document is no JSON, no FHIR record, or a record of several people.
pub fn read(text: &str, fields: &[Value]) -> Result<FhirValues, RefusedRecord> {
    let refuse = |reason, found: String| RefusedRecord { reason, found };
    let document: Value = serde_json::from_str(text).map_err(|error| refuse("fhir.refused.json", error.to_string()))?;
    let resources = resources(&document).map_err(|kind| refuse("fhir.refused.kind", kind.to_owned()))?;
    let people = count_people(&resources);
    if people > 1 {
        return Err(refuse("fhir.refused.people", people.to_string()));
    }
    let mut usable = Vec::new();
    let mut read = FhirValues::default();
    for resource in resources.iter().filter(|resource| resource["resourceType"] == "Observation") {
        let parts = list(&resource["component"]).iter();
        for part in std::iter::once(*resource).chain(parts) {
            match value_of(resource, part, fields) {
                Some(Ok(value)) => usable.push(value),
                Some(Err(refused)) => read.refused.push(refused),
                None => {}
            }
        }
    }
    if let Some(patient) = resources.iter().find(|resource| resource["resourceType"] == "Patient") {
        read.patient = name_and_birth(patient);
        usable.extend(age(patient, &usable, fields));
    }
    read.values = fields.iter().filter_map(|field| newest(&usable, field["name"].as_str()?)).collect();
    Ok(read)
}

/// Returns the resources of a document. The error is the kind of document that it is instead.
fn resources(document: &Value) -> Result<Vec<&Value>, &str> {
    match document["resourceType"].as_str() {
        Some("Bundle") => Ok(list(&document["entry"]).iter().map(|entry| &entry["resource"]).collect()),
        Some("Patient" | "Observation") => Ok(vec![document]),
        Some(other) => Err(other),
        None if document.is_array() => Ok(list(document).iter().collect()),
        None => Err("JSON"),
    }
}

/// Counts the people of a record: its patients, or the different subjects of its observations if those are more.
fn count_people(resources: &[&Value]) -> usize {
    let of = |kind: &'static str| resources.iter().filter(move |resource| resource["resourceType"] == kind);
    let mut subjects: Vec<&str> = of("Observation").filter_map(|observation| observation["subject"]["reference"].as_str()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects.len().max(of("Patient").count())
}

/// Returns the value of an observation, or of one component (`part`) of it, or the reason why it is not used. None if the form has no field
/// for it.
fn value_of(observation: &Value, part: &Value, fields: &[Value]) -> Option<Result<FhirValue, RefusedValue>> {
    let CodeMatch { field, code, unit, other } = list(&part["code"]["coding"]).iter().find_map(|coding| matching(coding, fields))?;
    let name = field["name"].as_str()?.to_owned();
    let refuse = |reason, found: &str| Some(Err(RefusedValue { reason, field: name.clone(), found: found.to_owned() }));
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
    // one of the field's other codes does not fix the unit: any of the field's units is accepted
    let named = |unit: &&Value| other.is_some() && unit["unit"].is_string() && unit["unit"] == quantity["code"];
    let expected = list(&field["units"]).iter().find(named).unwrap_or(unit)["unit"].as_str();
    // a ratio has no unit, or the unit 1
    let fits =
        quantity["code"].as_str().map_or(expected.is_none(), |code| expected.map_or(code == "1" || code == "{ratio}", |unit| unit == code));
    if !fits || !in_system {
        return refuse("fhir.refused.unit", ucum);
    }
    let note = other.map_or_else(|| note(code, field).to_owned(), str::to_owned);
    Some(Ok(FhirValue { field: name, value: value.to_string(), unit: expected.map(str::to_owned), date: date(observation), note }))
}

/// The field that a code belongs to.
struct CodeMatch<'a> {
    field: &'a Value,
    code: &'a str,
    unit: &'a Value,
    /// The schema's title of the code, if it is one of the field's other codes.
    other: Option<&'a str>,
}

/// Finds the field that has this code for one of its units, or among its other codes.
fn matching<'a>(coding: &'a Value, fields: &'a [Value]) -> Option<CodeMatch<'a>> {
    let (system, code) = (coding["system"].as_str()?, coding["code"].as_str()?);
    let is = |known: &Value| known["system"] == system && known["code"] == code;
    fields.iter().find_map(|field| {
        let own = list(&field["units"]).iter().find(|unit| is(&unit["code"])).map(|unit| (unit, None));
        let other =
            || list(&field["other_codes"]).iter().find(|known| is(known)).map(|known| (&field["units"][0], known["title"].as_str()));
        own.or_else(other).map(|(unit, other)| CodeMatch { field, code, unit, other })
    })
}

fn note(code: &str, field: &Value) -> &'static str {
    let first = &field["units"][0]["code"]["code"];
    match code {
        // two codes for mass concentrations come from a code list, and so do all codes but a field's first
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

/// Returns a field's newest value. Of values of the same instant it is the last one in the record.
fn newest(values: &[FhirValue], field: &str) -> Option<FhirValue> {
    values.iter().filter(|value| value.field == field).max_by_key(|value| instant(&value.date)).cloned()
}

/// Returns the milliseconds from 1970 to a date with or without a time, as FHIR writes them; `None`, which is before all others, for a text
/// that is no date. What a text lacks is its earliest: a day begins at midnight. A time without a zone is one of UTC.
fn instant(date: &str) -> Option<i64> {
    let (days, time) = date.split_at_checked(10).unwrap_or((date, ""));
    let mut parts = days.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next().unwrap_or(Some(1))?, parts.next().unwrap_or(Some(1))?);
    // days since the first of March of the year 0, so that the leap day is the last of its year (Hinnant, "chrono-Compatible Low-Level Date
    // Algorithms")
    let (year, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * from_march + 2) / 5 + day - 1 - 719_468;
    let time = time.strip_prefix('T').unwrap_or("");
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let mut parts = clock.split(':').map(|part| part.parse::<f64>().unwrap_or(0.0));
    let seconds = [3600.0, 60.0, 1.0].into_iter().map(|unit| unit * parts.next().unwrap_or(0.0)).sum::<f64>();
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let mut parts = zone.trim_start_matches(['Z', '+', '-']).split(':').map(|part| part.parse::<i64>().unwrap_or(0));
    let offset = sign * (60 * parts.next().unwrap_or(0) + parts.next().unwrap_or(0));
    Some(1000 * (86_400 * day - 60 * offset) + (1000.0 * seconds) as i64)
}

fn name_and_birth(patient: &Value) -> String {
    let name = &patient["name"][0];
    let given = list(&name["given"]).iter().filter_map(Value::as_str);
    let parts = given.chain(name["family"].as_str()).chain(name["text"].as_str().filter(|_| name["family"].is_null()));
    let birth = patient["birthDate"].as_str();
    parts.chain(birth).collect::<Vec<_>>().join(" ")
}

/// Counts the whole years from the birth date to the newest value, for a field `age` in years.
fn age(patient: &Value, values: &[FhirValue], fields: &[Value]) -> Option<FhirValue> {
    let field = fields.iter().find(|field| field["name"] == "age" && field["units"][0]["unit"] == "a")?;
    let at = values.iter().map(|value| value.date.as_str()).max_by_key(|date| instant(date)).filter(|date| !date.is_empty())?;
    let (born, then) = (day(patient["birthDate"].as_str()?)?, day(at)?);
    let had_birthday = (then.1, then.2) >= (born.1, born.2);
    let years = then.0 - born.0 - i32::from(!had_birthday);
    let name = field["name"].as_str()?.to_owned();
    Some(FhirValue {
        field: name,
        value: years.to_string(),
        unit: Some("a".to_owned()),
        date: at.to_owned(),
        note: "fhir.note.age".to_owned(),
    })
}

/// Returns year, month and day of a date that has all three.
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
        let read = read(&bundle(&[new, old]), &fields()).unwrap();
        let tc = &read.values[0];
        assert_eq!((tc.value.as_str(), tc.unit.as_deref(), tc.note.as_str()), ("5.2", Some("mmol/L"), "fhir.note.list"));
        assert!(tc.date.starts_with("2024-05-01"));
    }

    #[test]
    fn the_newest_value_is_that_of_the_latest_instant() {
        // texts in the order of their instants; in the order of the alphabet the last two would be the other way round, and so would others
        let dates = [
            "1999",
            "1999-12",
            "2024-02-29",
            "2024-02-29T00:00:01Z",
            "2024-03-01",
            "2024-05-01T23:00:00+02:00",
            "2024-05-01T21:00:00.5Z",
            "2024-05-01T17:30:00-04:30",
            "2024-05-02T00:30:00+02:00",
        ];
        let instants: Vec<i64> = dates.iter().map(|date| instant(date).unwrap()).collect();
        assert!(instants.is_sorted_by(|a, b| a < b), "{instants:?}");
        assert_eq!(instant("1970-01-01"), Some(0));
        assert_eq!(instant("2000-03-01T01:00:00+01:00"), Some(951_868_800_000));
        assert_eq!((instant(""), instant("yesterday")), (None, None));
        for one in [0, 1] {
            // the order in the record says nothing
            let mut both = [
                observation("2093-3", 190.0, "mg/dL", "2024-05-01T23:00:00+02:00"),
                observation("2093-3", 170.0, "mg/dL", "2024-05-01T22:30:00Z"),
            ];
            both.rotate_left(one);
            assert_eq!(read(&bundle(&both), &fields()).unwrap().values[0].value, "170.0");
        }
    }

    #[test]
    fn panels_are_read_and_ages_are_counted() {
        let patient = json!({"resourceType": "Patient", "birthDate": "1964-05-02", "gender": "female",
            "name": [{"given": ["Ada"], "family": "Test"}]});
        let part = json!({"code": {"coding": [loinc("8480-6")]}, "valueQuantity": {"value": 139, "code": "mm[Hg]"}});
        let panel = json!({"resourceType": "Observation", "status": "amended", "code": {"coding": [loinc("85354-9")]},
            "effectiveDateTime": "2024-05-01", "component": [part]});
        let read = read(&bundle(&[patient, panel]), &fields()).unwrap();
        let values: Vec<_> = read.values.iter().map(|value| (value.field.as_str(), value.value.as_str())).collect();
        assert_eq!(values, [("age", "59"), ("systolic", "139")]);
        assert_eq!(read.patient, "Ada Test 1964-05-02");
    }

    #[test]
    fn a_value_that_cannot_be_used_is_refused_with_its_reason() {
        let mut preliminary = observation("2093-3", 190.0, "mg/dL", "2024-01-01");
        preliminary["status"] = json!("preliminary");
        let mut limit = observation("2093-3", 30.0, "mg/dL", "2024-01-02");
        limit["valueQuantity"]["comparator"] = json!("<");
        let other = observation("2093-3", 5.2, "mmol/L", "2024-01-03");
        let stranger = observation("1-1", 5.2, "mmol/L", "2024-01-03");
        let read = read(&bundle(&[preliminary, limit, other, stranger]), &fields()).unwrap();
        assert!(read.values.is_empty());
        let reasons: Vec<_> = read.refused.iter().map(|refused| (refused.reason, refused.found.as_str())).collect();
        assert_eq!(
            reasons,
            [("fhir.refused.status", "preliminary"), ("fhir.refused.comparator", "< 30.0"), ("fhir.refused.unit", "mmol/L")]
        );
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
            let refused = RefusedRecord { reason: "fhir.refused.people", found: "2".to_owned() };
            assert_eq!(read(&bundle(&several), &fields()), Err(refused));
        }
        let one = read(&bundle(&[patient, ada.clone(), ada, observation("2093-3", 190.0, "mg/dL", "2020-01-01")]), &fields()).unwrap();
        assert_eq!(one.values.len(), 2);
    }

    #[test]
    fn other_documents_are_refused() {
        assert_eq!(read("{", &[]).unwrap_err().reason, "fhir.refused.json");
        let claim = RefusedRecord { reason: "fhir.refused.kind", found: "Claim".to_owned() };
        assert_eq!(read(r#"{"resourceType": "Claim"}"#, &[]), Err(claim));
    }
}
