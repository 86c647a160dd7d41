//! Names the characters of a text that cannot be seen, or not be told from others, and tells names that look alike.
//!
//! A message that says "found `5`, expected a decimal number" helps nobody if there is a zero-width space before the 5.

/// Names of characters that are drawn as nothing, or as an ordinary space.
const HIDDEN: &[(char, &str)] = &[
    ('\u{a0}', "no-break space"),
    ('\u{ad}', "soft hyphen"),
    ('\u{2007}', "figure space"),
    ('\u{200b}', "zero-width space"),
    ('\u{200c}', "zero-width non-joiner"),
    ('\u{200d}', "zero-width joiner"),
    ('\u{200e}', "left-to-right mark"),
    ('\u{200f}', "right-to-left mark"),
    ('\u{202f}', "narrow no-break space"),
    ('\u{2060}', "word joiner"),
    ('\u{feff}', "byte order mark"),
];

/// Returns the name of a character that cannot be seen.
fn name_of(c: char) -> Option<&'static str> {
    HIDDEN.iter().find(|(hidden, _)| *hidden == c).map(|(_, name)| *name)
}

/// Returns a text without its hidden characters.
pub(crate) fn without(text: &str) -> String {
    text.chars().filter(|c| name_of(*c).is_none()).collect()
}

/// Returns whether a text has hidden characters.
pub(crate) fn is_in(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| name_of(c).is_some())
}

/// Returns what of a text cannot be seen: "with a zero-width space, U+200B, before it". `None` if all of it can.
pub(crate) fn description(text: &str) -> Option<String> {
    if !is_in(text) {
        return None;
    }
    let is_seen = |c: char| name_of(c).is_none();
    let (first, last) = (text.find(is_seen), text.rfind(is_seen));
    let hidden: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !is_seen(*c)).collect();
    let (at, c) = *hidden.first()?;
    let place = match () {
        () if first.is_none() => "as all of it",
        () if first.is_some_and(|first| at < first) => "before it",
        () if last.is_some_and(|last| at > last) => "after it",
        () => "inside it",
    };
    let more = match hidden.len() - 1 {
        0 => String::new(),
        1 => ", and 1 more character that cannot be seen".to_owned(),
        more => format!(", and {more} more characters that cannot be seen"),
    };
    Some(format!("with a {}, U+{:04X}, {place}{more}", name_of(c)?, u32::from(c)))
}

/// How a name that is looked for differs from one that is there and looks like it.
pub(crate) struct Difference {
    /// What is there, to follow "no such column": ", but this name with a zero-width space, U+200B, after it".
    pub(crate) clause: String,
    /// What to do where the name can be given in another way.
    pub(crate) help: &'static str,
    /// What to do where only the data can be changed.
    pub(crate) help_in_data: &'static str,
}

/// Returns how a name that is there differs from one that is looked for, if the two look alike: in characters that cannot be seen, in the
/// way in which accents are written, in capitals, in spaces, or in quotes. `None` if they do not look alike, or are equal.
pub(crate) fn difference(wanted: &str, there: &str) -> Option<Difference> {
    const ALIKE: &str = "write the name in the data as it is asked for";
    if wanted == there {
        return None;
    }
    let (clause, help, help_in_data) = match () {
        () if without(wanted) == without(there) => match (description(there), description(wanted)) {
            (Some(what), _) => {
                let help = "remove this character from the name in the data";
                (format!(", but this name {what}"), help, help)
            }
            (None, what) => {
                let what = what.unwrap_or_default();
                let clause = format!("; this one is named {what}, and theirs has no such character");
                (clause, "give the name without this character", ALIKE)
            }
        },
        () if same_but_for_marks(wanted, there) => {
            let clause = ", but this name with accents as characters by themselves".to_owned();
            (clause, "copy the name from the data, or rename the column there", ALIKE)
        }
        () if same_but_for_marks(there, wanted) => {
            let clause = "; this one is named with accents as characters by themselves, and theirs has letters with accents".to_owned();
            (clause, "copy the name from the data, or rename the column there", ALIKE)
        }
        () if wanted.to_lowercase() == there.to_lowercase() => {
            (format!(", but one with other capitals, `{there}`"), "give the name as the data have it, capitals and all", ALIKE)
        }
        () if words(wanted) == words(there) => {
            (format!(", but one with other spaces, `{there}`"), "give the name as the data have it, spaces and all", ALIKE)
        }
        () if without_quotes(there) == Some(wanted) => {
            let help = "take the quotes out of the data: only double quotes can stand around names and values";
            (format!(", but one in quotes, `{there}`"), help, help)
        }
        () => return None,
    };
    Some(Difference { clause, help, help_in_data })
}

/// Returns a text without any white space.
fn words(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Returns what stands between quotes that do not divide CSV; `None` if there are none.
fn without_quotes(text: &str) -> Option<&str> {
    let quotes: &[char] = &['\'', '"', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{201e}'];
    Some(text.strip_prefix(quotes)?.strip_suffix(quotes)?.trim())
}

/// Returns whether two texts are equal if a letter with combining marks in `decomposed` is taken for any one letter beyond ASCII in `composed`.
/// That needs no table of all accented letters, and serves for a message.
fn same_but_for_marks(composed: &str, decomposed: &str) -> bool {
    let is_mark = |c: &char| matches!(c, '\u{300}'..='\u{36f}');
    let mut letters = decomposed.chars().peekable();
    let mut differ = false;
    for c in composed.chars() {
        let Some(letter) = letters.next() else { return false };
        let mut marks = 0;
        // a mark that is in both stays one
        while letter != c && letters.next_if(is_mark).is_some() {
            marks += 1;
        }
        match (letter == c, marks) {
            (true, _) => {}
            (false, 0) => return false,
            (false, _) if c.is_ascii() => return false,
            (false, _) => differ = true,
        }
    }
    differ && letters.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_named_with_their_place() {
        let say = |text: &str| description(text).unwrap_or_default();
        assert_eq!(say("5"), "");
        assert_eq!(say("größe"), "");
        assert_eq!(say("\u{200b}5"), "with a zero-width space, U+200B, before it");
        assert_eq!(say("x\u{feff}"), "with a byte order mark, U+FEFF, after it");
        assert_eq!(say("1\u{a0}000"), "with a no-break space, U+00A0, inside it");
        assert_eq!(say("\u{200d}"), "with a zero-width joiner, U+200D, as all of it");
        assert_eq!(say("\u{200b}5\u{200b}"), "with a zero-width space, U+200B, before it, and 1 more character that cannot be seen");
        assert_eq!(without("\u{200b}5\u{a0}x"), "5x");
    }

    #[test]
    fn names_that_look_alike_are_told_apart() {
        let say = |wanted: &str, there: &str| difference(wanted, there).map(|difference| difference.clause).unwrap_or_default();
        assert_eq!(say("x", "x\u{200b}"), ", but this name with a zero-width space, U+200B, after it");
        assert_eq!(
            say("x\u{200b}", "x"),
            "; this one is named with a zero-width space, U+200B, after it, and theirs has no such character"
        );
        let marks = ", but this name with accents as characters by themselves";
        assert_eq!(say("größe", "gro\u{308}ße"), marks);
        assert_eq!(say("ệ", "e\u{323}\u{302}"), marks);
        assert!(say("gro\u{308}ße", "größe").starts_with("; this one is named with accents"));
        assert_eq!(say("bmi", "BMI"), ", but one with other capitals, `BMI`");
        assert_eq!(say("x (mm)", "x(mm)"), ", but one with other spaces, `x(mm)`");
        assert_eq!(say("y", "'y'"), ", but one in quotes, `'y'`");
        for (wanted, there) in [
            ("x", "x"),
            ("x", "y"),
            ("grosse", "größe"),
            ("y", "'y"),
            ("a", "a\u{308}"),
            ("ö", "o"),
            ("ö", "o\u{308}x"),
            ("öx", "o\u{308}"),
        ] {
            assert_eq!(say(wanted, there), "", "{wanted} {there}");
        }
    }
}
