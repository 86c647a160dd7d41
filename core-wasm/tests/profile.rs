//! Compares the profile of a column with its sorted values.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::plan::Plan;
use samefit_core::profile::Profiler;
use serde_json::Value;

fn profile(text: &str, chunk: usize) -> String {
    let mut profiler = Profiler::new(&Plan::default());
    text.as_bytes().chunks(chunk).for_each(|chunk| profiler.push(chunk).unwrap());
    profiler.finish().unwrap()
}

fn column() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        prop::collection::vec("-?[0-9]{1,3}", 1..300),
        prop::collection::vec("-?[0-9]{1,6}\\.[0-9]{1,3}", 1..300),
        prop::collection::vec("-?[0-9]{1,2}(\\.[0-9])?(e-?[0-9])?|NA||x", 1..300),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn quantiles_are_within_their_error(cells in column(), chunk in prop_oneof![Just(usize::MAX), Just(7)]) {
        let text = "x,y\n".to_owned() + &cells.iter().map(|cell| format!("{cell},1\n")).collect::<String>();
        let profile_text = profile(&text, chunk);
        let document: Value = serde_json::from_str(&profile_text).unwrap();
        let column = &document["columns"][0];
        let mut numbers: Vec<f64> = cells.iter().filter_map(|cell| cell.parse().ok()).filter(|value: &f64| value.is_finite()).collect();
        numbers.sort_by(f64::total_cmp);
        prop_assert_eq!(&column["numbers"], numbers.len());
        prop_assert_eq!(column["missing"].as_u64().unwrap() as usize, cells.iter().filter(|cell| cell.is_empty() || *cell == "NA").count());
        prop_assert_eq!(column["min"].as_f64(), numbers.first().copied().map(|min| min + 0.0));
        prop_assert_eq!(column["max"].as_f64(), numbers.last().copied().map(|max| max + 0.0));
        for quantile in column["quantiles"].as_array().unwrap() {
            let [share, value, error] = ["share", "value", "error"].map(|key| quantile[key].as_f64().unwrap());
            let percent = (share * 100.0).round() as usize;
            let exact = numbers[(numbers.len() * percent).div_ceil(100) - 1];
            prop_assert!((exact - value).abs() <= error + value.abs() * f64::EPSILON, "{share}: {exact}, not {value} within {error}");
            prop_assert!(error <= value.abs() / 64.0);
            prop_assert!(error == 0.0 || numbers.iter().any(|number| number.fract() != 0.0) || value.abs() > 64.0);
        }
        prop_assert_eq!(column["quantiles"].as_array().unwrap().len(), if numbers.is_empty() { 0 } else { 5 });
        // how the bytes come makes no difference
        prop_assert_eq!(profile(&text, usize::MAX), profile_text);
    }
}
