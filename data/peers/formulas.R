# Writes formulas_R.json: the terms and the intercept that R's terms() finds in model formulas. Run in this folder: Rscript formulas.R
# A part of the formulas is drawn at random from R's grammar, with a fixed seed.
columns <- c("y", "a", "b", "c", "d", "site", "age", "body mass", ".id")
frame <- as.data.frame(setNames(as.list(seq_along(columns)), columns), optional = TRUE)
fixed <- c(
  "y ~ a", "y ~ 1", "y ~ 1 + a", "y ~ 0 + a", "y ~ a + 0", "y ~ a - 1", "y ~ -1 + a", "y ~ a - 0", "y ~ 0 - 0 + a", "y ~ a - 1 + 1", "y ~ a + -1",
  "y ~ 0 + a - (b - 1)", "y ~ a + (b - 1)", "y ~ a + (b + 0)", "y ~ a - (1 + b)", "y ~ (0 + a) + b", "y ~ +a + b",
  "y ~ a + b - a", "y ~ a + b - a + a", "y ~ a - a", "y ~ a*b - a", "y ~ a*b - b:a", "y ~ a*b*c - a:b:c", "y ~ (a + b + c)^3 - a:b:c",
  "y ~ a:b", "y ~ a:b + a", "y ~ b:a + a + b", "y ~ a + b:a", "y ~ c - c + b:c + a:b:c", "y ~ a:b + b:a", "y ~ a:b:c + c:b:a + b",
  "y ~ a*b", "y ~ b*a + a", "y ~ a*b*c", "y ~ a*b + c*d", "y ~ a*b:c", "y ~ (a + b)*c", "y ~ (a + b):c", "y ~ (a + b)*(c + d)",
  "y ~ (a + b):(c + d)", "y ~ (a:b):(a:c)", "y ~ (a*b):(b*c)", "y ~ a:b*c", "y ~ (a + b)^2", "y ~ (a + b + c + d)^2", "y ~ (a + b + c + d)**3",
  "y ~ (a + b + c + d)^4", "y ~ (a + b)^5", "y ~ (a + a:b + c)^2", "y ~ (c + b + a)^2 + d", "y ~ (a*b + c)^2", "y ~ ((a + b)^2 + c)^2",
  "y ~ (d + a:b + c)^3", "y ~ (a + b)^2:c", "y ~ a/b", "y ~ a/b/c", "y ~ a/(b + c)", "y ~ (a + b)/c", "y ~ a/b*c", "y ~ a*b/c", "y ~ a/(b*c)",
  "y ~ (a*b)/c", "y ~ c + a/b", "y ~ a/b - 1", "y ~ a %in% b", "y ~ a + b %in% a", "y ~ (a + b) %in% c", "y ~ c + (a + b) %in% c",
  "y ~ a:b %in% c", "y ~ a %in% b:c", "y ~ a*b %in% c", "y ~ a %in% (b + c)", "y ~ a:b + a %in% b",
  "y ~ .", "y ~ . - .id", "y ~ . - `body mass` - 1", "y ~ .^2", "y ~ .*a", "y ~ .:a", "y ~ d + .", "y ~ . + a:b", "y ~ . - a + a:b", "y ~ a:d + .",
  "y ~ (. - .id - `body mass`)^3", "y ~ I(a^2) + .", "y ~ . - y", "`body mass` ~ . - age", "`body mass` ~ y*age",
  "y ~ `body mass`*a", "y ~ a:`body mass`", "y ~ .id + a", "y ~ I(a^2) + I(a*b) + a", "y ~ I(a^2*b):c", "y ~ I(a^3)*d",
  "y ~ log(age) + log10(age):a", "y ~ sqrt(age)*log(a)", "y ~ ln(age) + C(site)*age + rcs(age, 30, 50, 70) - 1", "y ~ factor(site)*age",
  "y ~ as.factor(site):age + site", "y ~ (C(site) + ln(age) + sqrt(age))^2", "y ~ rcs(age, 30, 50, 70)*C(site)", "y ~ C(site)/age + 0"
)
set.seed(20, kind = "Mersenne-Twister", sample.kind = "Rejection")
operands <- c("a", "b", "c", "d", "age", "C(site)", "ln(age)", "I(a^2)", "`body mass`", ".id")
pick <- function(x) x[[sample.int(length(x), 1)]]
# parentheses only where they change nothing that samefit refuses: signs of their own, and powers of one operand
operand <- function(depth) {
  if (depth == 0 || runif(1) < 0.5) return(pick(operands))
  inner <- paste0("(", interactions(depth - 1), pick(c(" + ", " - ", " + ")), interactions(depth - 1), ")")
  if (runif(1) < 0.3) paste0(inner, "^", pick(1:3 + 1)) else inner
}
interactions <- function(depth) {
  parts <- replicate(pick(c(1, 1, 2, 3)), operand(depth))
  while (any(parts[-1] == parts[-length(parts)])) parts <- replicate(length(parts), operand(depth))
  paste(parts, collapse = pick(c("*", ":", ":", "*", "/", " %in% ")))
}
random <- replicate(260, {
  sum <- interactions(2)
  for (i in seq_len(pick(0:3))) sum <- paste0(sum, pick(c(" + ", " + ", " - ")), pick(list(interactions(2), interactions(1), "0", "1")))
  paste("y ~", sum)
})
quoted <- function(x) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", x), "\"", recycle0 = TRUE)
one <- function(formula) {
  found <- terms(as.formula(formula), data = frame)
  labels <- attr(found, "term.labels")
  # samefit refuses a model of nothing, and more terms than it fits
  if (length(labels) == 0 && attr(found, "intercept") == 0 || length(labels) > 60) return(NULL)
  paste0("  [", quoted(formula), ", ", attr(found, "intercept"), ", [", paste(quoted(labels), collapse = ", "), "]]")
}
results <- Filter(Negate(is.null), lapply(unique(c(fixed, random)), one))
writeLines(c("{", paste0(" \"about\": \"formula, intercept and term labels of terms(), ", R.version.string, "\","),
  paste0(" \"columns\": [", paste(quoted(columns), collapse = ", "), "],"), " \"formulas\": [",
  paste(unlist(results), collapse = ",\n"), " ]", "}"), "formulas_R.json")
