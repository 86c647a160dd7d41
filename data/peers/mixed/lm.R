# Writes r.json and trial_r.json: what R's lm says of the models of tables.json and trial.json, with 17 digits.
# Run in this folder: Rscript lm.R. Needs the packages car, Hmisc and jsonlite. Reads exact.json and trial_exact.json only for the names of the coefficients.
suppressPackageStartupMessages({ library(car); library(Hmisc) })
rcs <- function(x, knots) {
  basis <- rcspline.eval(x, knots = knots, inclx = TRUE)
  colnames(basis) <- seq_len(ncol(basis))
  basis
}

# ---- JSON

number <- function(x) trimws(unname(ifelse(is.finite(x), formatC(x, digits = 17, format = "g"), "null")))
quote_text <- function(x) paste0("\"", x, "\"")
texts <- function(x) paste0("[", paste(quote_text(x), collapse = ", "), "]")
numbers <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
object <- function(x) paste0("{", paste0(quote_text(names(x)), ": ", x, collapse = ", "), "}")

# ---- names

# `armBern:log(tg)` of R is `arm[Bern]*ln(tg)` of samefit
samefit_factor <- function(factor, categories) {
  for (c in categories) if (startsWith(factor, c)) return(paste0(c, "[", substring(factor, nchar(c) + 1), "]"))
  if (startsWith(factor, "rcs(")) {
    column <- sub("^rcs\\(([^,]*), c\\(([^)]*)\\)\\)(.*)$", "rcs(\\1,\\2)[\\3]", factor)
    return(gsub(" ", "", column))
  }
  factor <- sub("^I\\((.*)\\)$", "\\1", factor)
  sub("^log\\(", "ln(", factor)
}
samefit_name <- function(name, categories) {
  if (name == "(Intercept)") return("intercept")
  parts <- sapply(strsplit(name, ":", fixed = TRUE)[[1]], samefit_factor, categories)
  paste(sort(parts, method = "radix"), collapse = "*")
}

# the model's features in R's order of terms, which puts products last
ordered_features <- function(model, m) {
  parts <- strsplit(sub(" - 1$", "", sub("^[a-z_]+ ~ ", "", model$r)), " + ", fixed = TRUE)[[1]]
  canonical <- function(labels) sapply(strsplit(labels, ":", fixed = TRUE), function(factors) paste(sort(factors), collapse = ":"))
  ours <- canonical(sapply(parts, function(part) labels(terms(reformulate(part)))))
  unlist(model$features)[match(canonical(labels(terms(m))), ours)]
}

# ---- a model

frame_of <- function(model, text) {
  d <- read.csv(text = text, colClasses = "character", check.names = FALSE)
  # the levels and the first of them are samefit's, not those of the locale
  for (c in names(d)) {
    if (c %in% model$categories) {
      d[[c]] <- factor(d[[c]], levels = model$levels[[c]])
      if (!is.null(model$reference[[c]])) d[[c]] <- relevel(d[[c]], ref = model$reference[[c]])
    } else if (!(c %in% names(model$where))) d[[c]] <- as.numeric(d[[c]])
  }
  d
}

interval <- function(m, new, kind) {
  # a rank-deficient fit and weights give warnings, which are in the README
  p <- suppressWarnings(predict(m, new, interval = kind))
  lapply(seq_len(nrow(new)), function(i) numbers(p[i, c("lwr", "upr")]))
}

# F of the hypothesis that all coefficients of a term are zero
joint_test <- function(m, at) {
  l <- diag(length(coef(m)))[at, , drop = FALSE]
  h <- linearHypothesis(m, l, singular.ok = TRUE)
  object(c(f = number(h$F[2]), df = numbers(c(h$Df[2], h$Res.Df[2])), p = number(h[["Pr(>F)"]][2])))
}

# the rows of a model: those of its group, and as often as they count
rows_of <- function(model) {
  if (!is.null(model$table)) return(frame_of(model, model$table))
  d <- frame_of(model, readLines(file.path("../..", model$file)))
  for (c in names(model$where)) d <- d[d[[c]] == model$where[[c]], ]
  if (is.null(model$counts)) d else d[rep(seq_len(nrow(d)), d[[model$counts]]), ]
}

one <- function(model, exact) {
  d <- rows_of(model)
  model_formula <- as.formula(model$r)
  environment(model_formula) <- environment()
  row_weights <- if (!is.null(model$weights)) d[[model$weights]]
  m <- if (is.null(row_weights)) lm(model_formula, d) else lm(model_formula, d, weights = row_weights)
  s <- summary(m)
  ours <- sapply(names(coef(m)), samefit_name, model$categories)
  fitted <- !is.na(coef(m))
  f <- s$fstatistic
  full <- all(fitted)
  assigned <- m$assign
  new <- frame_of(model, paste(c(paste(names(model$records[[1]]), collapse = ","),
    sapply(model$records, function(r) paste(unlist(r), collapse = ","))), collapse = "\n"))
  features <- ordered_features(model, m)
  tests <- if (full) sapply(seq_along(features), function(i) joint_test(m, which(assigned == i))) else NULL
  factors <- NULL
  if (full && model$intercept && length(model$features) > 1) {
    v <- suppressMessages(vif(m))
    if (is.null(dim(v))) v <- cbind(v, rep(1, length(v)))
    factors <- sapply(seq_len(nrow(v)), function(i) object(c(gvif = number(v[i, 1]), df = number(v[i, 2]))))
  }
  out <- list(
    rank = number(m$rank),
    names = texts(names(coef(m))),
    left_out = if (full) "[]" else texts(ours[!fitted]),
    same_coding = if (setequal(ours[fitted], names(exact$coefficients))) "true" else "false",
    coefficients = object(setNames(number(coef(m)), ours)),
    std_errors = object(setNames(number(s$coefficients[, 2]), ours[fitted])),
    rows = number(nobs(m)), residual_df = number(df.residual(m)), rss = number(deviance(m)),
    r_squared = number(s$r.squared), adjusted_r_squared = number(s$adj.r.squared), residual_sd = number(s$sigma),
    f = number(f[1]), f_df = numbers(f[2:3]), f_p = number(pf(f[1], f[2], f[3], lower.tail = FALSE)),
    log_likelihood = number(logLik(m)), aic = number(AIC(m)), bic = number(BIC(m))
  )
  if (!is.null(tests)) out$terms <- object(setNames(tests, features))
  if (!is.null(factors)) out$gvif <- object(setNames(factors, features))
  predicted <- suppressWarnings(predict(m, new))
  prediction <- interval(m, new, "prediction")
  confidence <- interval(m, new, "confidence")
  out$predictions <- paste0("[", paste(sapply(seq_along(predicted), function(i)
    object(c(predicted = number(predicted[i]), prediction = prediction[[i]], confidence = confidence[[i]]))), collapse = ", "), "]")
  object(unlist(out))
}

about <- paste0(" \"about\": \"lm of ", R.version.string, ", car ", packageVersion("car"), ", Hmisc ", packageVersion("Hmisc"), "\"")
write_all <- function(from, exact, to) {
  models <- jsonlite::fromJSON(from, simplifyDataFrame = FALSE)
  exact <- jsonlite::fromJSON(exact, simplifyDataFrame = FALSE)
  lines <- sapply(models, function(m) paste0(" \"", m$name, "\": ", one(m, exact[[m$name]])))
  writeLines(c("{", paste(c(about, lines), collapse = ",\n"), "}"), to)
}
write_all("tables.json", "exact.json", "r.json")
write_all("trial.json", "trial_exact.json", "trial_r.json")
