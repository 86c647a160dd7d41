// Package samefit trains, checks and applies linear regression models, and gives the same answer to the last bit wherever it runs.
//
// Training sums decimal numbers exactly and rounds each result once. So a model depends neither on the order of rows nor on how they were
// split, files of samefit from other programs and languages are equal as bytes, and rows can be subtracted again.
//
// # Where to start
//
//	model, err := samefit.Fit(ctx, samefit.CSV(file), samefit.Plan{Target: "y", Features: []string{"bmi", "ltg"}})
//	prediction, err := model.Predict([]float64{0.0617, 0.0199})
//
// Data are a [Text] that is read ([CSV], [JSONLines], [JSON]) or a [Table] of columns in memory. [Fit] makes a [Model] of them. [Summarize]
// makes [Statistics], which can be added, subtracted and given to others, and have any number of models fitted to them. [Model.QC] judges a
// model by records that it has not seen.
//
// # Errors
//
// Bad input is an [*Error] with a stable code, row and column. A reader's error, and that of a context that is done, are returned as they
// are. A context is looked at between chunks of data of 128 KiB or 65,536 rows.
//
// # Goroutines and memory
//
// A [Model] and [Statistics] do not change, and any goroutine may use them. The calculation is done by a WebAssembly module, which the
// package contains and runs without cgo. Each call has an instance of the module for itself while it lasts, and instances are kept for the
// next calls, at most one for each processor. Nothing needs to be closed: what instances keep of a model is freed with the model, or by
// [Model.Close]. The first call compiles the module, which takes 0.3 s; [Config] has a folder for the result.
//
// Research and teaching only: not a medical device, not for diagnosis or treatment.
package samefit
