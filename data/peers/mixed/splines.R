# Writes splines.json: restricted cubic splines of Hmisc's rcspline.eval, and the knots that it chooses. Run in this folder: Rscript splines.R
# The first column of a spline is x itself; rcspline.eval divides the others by (last knot - first knot)^2.
suppressPackageStartupMessages(library(Hmisc))
number <- function(x) trimws(formatC(unname(x), digits = 17, format = "g"))
texts <- function(x) paste0("[", paste0("\"", x, "\"", collapse = ", "), "]")
numbers <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
cases <- list(
  list(c("30", "50", "70"), c("18", "30", "30.1", "49.9", "50", "50.1", "69.9", "70", "70.1", "85", "-5", "0")),
  list(c("20", "25", "30"), c("18.5", "20", "22.7", "25", "27.3", "30", "42.2")),
  list(c("25", "40.5", "58", "75"), c("10", "25", "33.3", "40.5", "47.25", "58", "61", "75", "99.99")),
  list(c("22.5", "35", "47.5", "60.25", "77"), c("18", "22.5", "30", "35", "44.4", "47.5", "52", "60.25", "70", "77", "90")),
  list(c("-1.5", "-0.25", "0.125", "2"), c("-3", "-1.5", "-1", "-0.25", "0", "0.1", "0.125", "1.999", "2", "2.5")),
  list(c("0.001", "0.002", "0.0045"), c("0", "0.001", "0.0015", "0.002", "0.003", "0.0045", "0.01")),
  list(c("100", "1000", "10000", "50000", "250000", "1000000"), c("1", "100", "512", "1000", "9999.5", "10000", "75000", "250000", "999999", "3000000")),
  list(c("1", "2", "3", "4", "5", "6", "7"), c("0", "1", "1.5", "2.5", "3.5", "4.5", "5.5", "6.5", "7", "8"))
)
one <- function(case) {
  basis <- rcspline.eval(as.numeric(case[[2]]), knots = as.numeric(case[[1]]), inclx = TRUE)
  columns <- apply(basis, 2, numbers)
  paste0("  {\"knots\": ", texts(case[[1]]), ", \"x\": ", texts(case[[2]]), ",\n   \"columns\": [", paste(columns, collapse = ",\n    "), "]}")
}
# the quantiles that Harrell recommends, by number of knots
default_knots <- function(file, column) {
  x <- read.csv(file)[[column]]
  # a small table uses the fifth smallest and largest value as the outer knots; these have 100 rows or more
  stopifnot(length(x) >= 100)
  knots <- sapply(3:7, function(k) paste0("\"", k, "\": ", numbers(rcspline.eval(x, nk = k, knots.only = TRUE))))
  paste0("  {\"file\": \"", basename(file), "\", \"column\": \"", column, "\", \"knots\": {", paste(knots, collapse = ", "), "}}")
}
chosen <- list(c("../../diabetes_raw.csv", "bmi"), c("../../diabetes_raw.csv", "age"), c("../../diabetes.csv", "ltg"),
  c("../../trial.csv", "age"), c("../../trial.csv", "bmi"), c("../../trial.csv", "tg"))
writeLines(c("{", paste0(" \"about\": \"rcspline.eval of Hmisc ", packageVersion("Hmisc"), ", ", R.version.string, "\","),
  " \"cases\": [", paste(sapply(cases, one), collapse = ",\n"), " ],", " \"default_knots\": [",
  paste(sapply(chosen, function(c) default_knots(c[1], c[2])), collapse = ",\n"), " ]", "}"), "splines.json")
