# Writes anova.json: R's F tests of nested models on diabetes.csv, with 17 digits. Run in this folder: Rscript anova.R
d <- read.csv("../diabetes.csv")
pairs <- list(
  list(c("bmi"), c("bmi", "ltg")),
  list(c("bmi"), c("ltg", "age*bmi", "bmi", "bmi^2")),
  list(c("bmi", "ltg", "map"), c("bmi", "ltg", "map", "age", "sex", "glu")),
  list(setdiff(names(d), c("y", "age", "hdl")), setdiff(names(d), "y")),
  list(c("age"), c("age", "hdl"))
)
# a product alone is `age:bmi` in R, a power I(bmi^2)
formula_of <- function(terms) {
  terms <- gsub("*", ":", terms, fixed = TRUE)
  reformulate(ifelse(grepl("^", terms, fixed = TRUE), paste0("I(", terms, ")"), terms), "y")
}
number <- function(x) formatC(x, digits = 17, format = "g")
texts <- function(x) paste0("[", paste0("\"", x, "\"", collapse = ", "), "]")
one <- function(pair) {
  a <- anova(lm(formula_of(pair[[1]]), d), lm(formula_of(pair[[2]]), d))
  paste0("  {\"smaller\": ", texts(pair[[1]]), ", \"larger\": ", texts(pair[[2]]), ",\n   \"smaller_rss\": ", number(a$RSS[1]),
    ", \"larger_rss\": ", number(a$RSS[2]), ", \"f\": ", number(a$F[2]), ", \"f_df\": [", a$Df[2], ", ", a$Res.Df[2], "], \"f_p\": ",
    number(a$"Pr(>F)"[2]), "}")
}
writeLines(c("{", paste0(" \"about\": \"anova of lm, ", R.version.string, "\","), " \"comparisons\": [",
  paste(sapply(pairs, one), collapse = ",\n"), " ]", "}"), "anova.json")
