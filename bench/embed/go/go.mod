module samefit-bench

go 1.25.0

require (
	github.com/samefit/samefit/embed/go v0.0.0
	gonum.org/v1/gonum v0.17.0
)

require (
	github.com/tetratelabs/wazero v1.12.0 // indirect
	golang.org/x/sys v0.44.0 // indirect
)

replace github.com/samefit/samefit/embed/go => ../../../embed/go
