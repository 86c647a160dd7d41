use samefit_core::plan::Plan;
use samefit_core::summarizer::Summarizer;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let plan = std::fs::read_to_string(&args[1]).unwrap();
    let data = std::fs::read(&args[2]).unwrap();
    let start = Instant::now();
    let mut s = match Summarizer::new(Plan::parse(&plan).unwrap()) { Ok(s) => s, Err(e) => { println!("{:#}", e.to_json()); return } };
    for chunk in data.chunks(1 << 20) {
        if let Err(e) = s.push(chunk) { println!("{:#}", e.to_json()); return }
    }
    let read = start.elapsed();
    match s.finish() {
        Ok(st) => { if args.len() > 3 { print!("{}", st.to_json()); eprintln!("{}", s.notes()); } else { println!("read {read:?} all {:?} entries {}", start.elapsed(), st.levels.entries().count()); } }
        Err(e) => println!("{:#}", e.to_json()),
    }
}
