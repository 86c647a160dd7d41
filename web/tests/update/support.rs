//! A page whose worker is played by the test.

use samefit_web::action::{Action, Opening};
use samefit_web::command::{Answer, Command, Reply, Request};
use samefit_web::drawing::Part;
use samefit_web::error::Error;
use samefit_web::files::{ChosenFile, Handle, PredictedTable};
use samefit_web::state::State;
use samefit_web::update::update;
use serde_json::{Value, json};

/// The form of a small model: two measurements, one of them in two units, and a category.
pub(crate) fn form() -> Value {
    let unit = |unit: &str| json!({"unit": unit, "label": unit, "decimals": 1, "to_base": "1"});
    json!({"fields": [
        {"name": "bmi", "title": "Body mass index", "units": [unit("kg/m2")], "training": {"min": 18, "max": 42}},
        {"name": "tc", "title": "Total cholesterol", "units": [unit("mg/dL"), unit("mmol/L")], "training": {"min": 97, "max": 301}},
        {"name": "sex", "title": "Sex", "kind": "category", "units": [], "categories": [{"value": "1"}, {"value": "2"}]},
    ]})
}

/// The stored example.
pub(crate) fn check() -> Value {
    json!({"attributes": "{\"bmi\": 32.1}", "answer": "{\"predicted_y\": 201}", "example": {"bmi": "32.1", "tc": "157"}})
}

/// The component's evaluation of entries without a problem. `fields` are name, typed value and unit.
pub(crate) fn evaluation(fields: &[(&str, &str, &str)]) -> String {
    let field = |(name, value, unit): &(&str, &str, &str)| {
        let typed = json!({"value": value, "unit": unit});
        json!({"name": name, "how": "typed", "value": value, "unit": unit, "typed": typed})
    };
    let attributes: Value =
        fields.iter().map(|(name, value, _)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into();
    let fields: Vec<Value> = fields.iter().map(field).collect();
    json!({"fields": fields, "problems": [], "attributes": attributes}).to_string()
}

/// The component's explanation of a prediction.
pub(crate) fn explanation(prediction: f64) -> String {
    let contributions =
        json!([{"name": "bmi", "value": 32.1, "mean": 26, "contribution": 30}, {"name": "tc", "value": 157, "contribution": -5}]);
    let interval = json!({"lower": prediction - 100.0, "upper": prediction + 100.0});
    json!({"prediction": prediction, "interval": interval, "contributions": contributions, "warnings": []}).to_string()
}

/// The page.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) state: State,
}

impl Page {
    /// A page that is ready to predict.
    pub(crate) fn ready() -> Self {
        let mut page = Self::default();
        let commands = page.act(Action::Started(Opening { width: 600.0, ..Opening::default() }));
        let commands = page.answer(&commands, |request| matches!(request, Request::PageFile(_)), "{}");
        page.answer(&commands, |request| *request == Request::StartComponent, r#"{"version": "1", "sha256": "ab"}"#);
        page.answer(&commands, is_file("model.json"), r#"{"target": {"column": "y"}}"#);
        page.answer(&commands, is_file("check.json"), &check().to_string());
        let commands = page.answer(&commands, is_file("version.txt"), "1");
        let commands = page.answer(&commands, is_open, &form().to_string());
        page.answer(&commands, |request| matches!(request, Request::PredictRecord(_)), "{\"predicted_y\": 201}\n");
        page
    }

    /// A ready page with a result: BMI 32.1, cholesterol 157.
    pub(crate) fn with_result() -> Self {
        let mut page = Self::ready();
        page.enter("bmi", "32.1");
        page.enter("tc", "157");
        page.predict();
        page
    }

    pub(crate) fn act(&mut self, action: Action) -> Vec<Command> {
        update(&mut self.state, action)
    }

    /// Types a text into a field and leaves the field.
    pub(crate) fn enter(&mut self, field: &str, text: &str) -> Vec<Command> {
        self.act(Action::Typed { field: field.to_owned(), text: text.to_owned() });
        self.act(Action::FieldLeft(field.to_owned()))
    }

    /// Predicts, with the worker's answers of entries without a problem.
    pub(crate) fn predict(&mut self) -> Vec<Command> {
        let commands = self.act(Action::Predict);
        self.answer_prediction(&commands)
    }

    pub(crate) fn answer_prediction(&mut self, commands: &[Command]) -> Vec<Command> {
        let commands = self.answer(commands, is_evaluate, &evaluation(&[("bmi", "32.1", "kg/m2"), ("tc", "157", "mg/dL")]));
        let commands = self.answer(&commands, is_explain, &explanation(201.0));
        self.answer(&commands, is_sweep, "[[200, 100, 300]]")
    }

    /// Answers the one request that fits with a text.
    pub(crate) fn answer(&mut self, commands: &[Command], fits: impl Fn(&Request) -> bool, text: &str) -> Vec<Command> {
        self.reply(commands, fits, Ok(Answer::Text(text.to_owned())))
    }

    /// Answers the one request for a preview, and uses the tables.
    pub(crate) fn accept(&mut self, commands: &[Command]) -> Vec<Command> {
        self.answer(commands, is_preview, &preview(&json!({})));
        self.act(Action::UsePreview)
    }

    /// Answers the one request that fits with predictions of tables.
    pub(crate) fn answer_tables(&mut self, commands: &[Command], tables: Vec<PredictedTable>) -> Vec<Command> {
        self.reply(commands, |request| matches!(request, Request::PredictTables(_)), Ok(Answer::Tables(tables)))
    }

    /// Answers the one request that fits with an error.
    pub(crate) fn fail(&mut self, commands: &[Command], fits: impl Fn(&Request) -> bool, code: &str) -> Vec<Command> {
        self.reply(commands, fits, Err(Error { code: code.to_owned(), ..Error::default() }))
    }

    fn reply(&mut self, commands: &[Command], fits: impl Fn(&Request) -> bool, reply: Reply) -> Vec<Command> {
        let asked: Vec<&Command> = commands.iter().filter(|command| request_of(command).is_some_and(&fits)).collect();
        let [asked] = asked[..] else { panic!("expected one request, found {asked:?} in {commands:?}") };
        match asked.clone() {
            Command::Ask { reply_to, .. } => self.act(Action::Answered { reply_to, reply }),
            Command::Work { generation, step, .. } => self.act(Action::WorkAnswered { generation, step, reply }),
            other => panic!("{other:?} has no answer"),
        }
    }
}

pub(crate) fn request_of(command: &Command) -> Option<&Request> {
    match command {
        Command::Ask { request, .. } | Command::Work { request, .. } => Some(request),
        _ => None,
    }
}

pub(crate) fn requests(commands: &[Command]) -> Vec<&Request> {
    commands.iter().filter_map(request_of).collect()
}

/// Asserts that nothing is done: the answer was late.
pub(crate) fn assert_dropped(commands: &[Command]) {
    assert!(commands.is_empty(), "a late answer does {commands:?}");
}

pub(crate) fn draws(commands: &[Command], part: &Part) -> bool {
    commands.contains(&Command::Draw(part.clone()))
}

pub(crate) fn focuses(commands: &[Command], id: &str) -> bool {
    commands.contains(&Command::Focus(id.to_owned()))
}

pub(crate) fn is_file(name: &str) -> impl Fn(&Request) -> bool {
    move |request| *request == Request::PageFile(name.to_owned())
}

pub(crate) fn is_open(request: &Request) -> bool {
    matches!(request, Request::OpenModel(_))
}

pub(crate) fn is_evaluate(request: &Request) -> bool {
    matches!(request, Request::Evaluate(_))
}

pub(crate) fn is_explain(request: &Request) -> bool {
    matches!(request, Request::Explain(_))
}

pub(crate) fn is_sweep(request: &Request) -> bool {
    matches!(request, Request::Sweep { .. })
}

pub(crate) fn is_convert(request: &Request) -> bool {
    matches!(request, Request::Convert(_))
}

pub(crate) fn is_convert_all(request: &Request) -> bool {
    matches!(request, Request::ConvertAll(_))
}

pub(crate) fn is_read(request: &Request) -> bool {
    matches!(request, Request::ReadText(_))
}

pub(crate) fn is_preview(request: &Request) -> bool {
    matches!(request, Request::Preview(_))
}

/// The component's preview of a table that is written as a plan says.
pub(crate) fn preview(plan: &Value) -> String {
    let columns = json!([{"name": "x", "kind": "number"}, {"name": "y", "kind": "text"}]);
    json!({"plan": plan, "columns": columns, "rows": [["1", "north"]], "remarks": [], "error": null}).to_string()
}

pub(crate) fn file(number: u32, name: &str) -> ChosenFile {
    ChosenFile { file: Handle(number), name: name.to_owned(), bytes: 100 }
}
