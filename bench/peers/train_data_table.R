# R data.table: fread with the columns' types, the normal equations as one cross product, then a solve.
suppressPackageStartupMessages(library(data.table))
arguments <- commandArgs(trailingOnly = TRUE)
columns <- strsplit(arguments[2], ",")[[1]]
setDTthreads(as.integer(arguments[3]))
rows <- fread(arguments[1], sep = ",", header = TRUE, colClasses = rep("numeric", length(columns)), showProgress = FALSE)
rows[, one := 1]
setcolorder(rows, "one")
moments <- crossprod(as.matrix(rows))
# scaled to a unit diagonal, as in common.py
scale <- 1 / sqrt(diag(moments))
scaled <- moments * outer(scale, scale)
last <- nrow(scaled)
coefficients <- solve(scaled[-last, -last], scaled[-last, last]) * scale[-last] / scale[last]
cat("[", paste(format(coefficients, digits = 17), collapse = ", "), "]\n", sep = "")
