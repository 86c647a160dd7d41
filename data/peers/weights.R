# Writes weights_R.json: what lm() says of models of diabetes_raw.csv whose rows have weights. Run in this folder: Rscript weights.R
patients <- read.csv("../diabetes_raw.csv")
patients$w <- rep(c(0, 0.25, 1, 2.5, 0.1, 3, 1.75), length.out = nrow(patients))
# fewer rows, so that a row of weight zero matters
patients <- patients[1:60, ]
number <- function(x) paste0("[", paste(trimws(formatC(as.numeric(x), digits = 17, format = "g")), collapse = ", "), "]")
one <- function(formula) {
  fit <- lm(as.formula(formula), data = patients, weights = w)
  s <- summary(fit)
  interval <- predict(fit, patients[1:3, ], interval = "prediction", level = 0.95, weights = 1)
  mean <- predict(fit, patients[1:3, ], interval = "confidence", level = 0.95)
  # with weights, lm() takes R2 about the weighted mean
  entries <- list(coefficients = coef(s)[, 1], std_errors = coef(s)[, 2], residual_sd = s$sigma, residual_df = fit$df.residual,
    rss = deviance(fit), r_squared = s$r.squared, adjusted_r_squared = s$adj.r.squared, f = s$fstatistic[[1]],
    log_likelihood = as.numeric(logLik(fit)), aic = AIC(fit), bic = BIC(fit), predicted = interval[, 1],
    prediction_lower = interval[, 2], prediction_upper = interval[, 3], mean_lower = mean[, 2], mean_upper = mean[, 3])
  paste0("  {\"formula\": \"", formula, "\",\n", paste0("   \"", names(entries), "\": ", vapply(entries, number, ""), collapse = ",\n"), "}")
}
formulas <- c("y ~ bmi", "y ~ bmi + map + ltg", "y ~ 0 + bmi + map")
writeLines(c("{", paste0(" \"about\": \"lm() with weights, ", R.version.string, "\","), " \"models\": [",
  paste(vapply(formulas, one, ""), collapse = ",\n"), " ]", "}"), "weights_R.json")
