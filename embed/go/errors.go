package samefit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/samefit/samefit/embed/go/internal/abi"
)

// Error says what is wrong with an input, where, and what to do. Get it with [errors.As]:
//
//	var problem *samefit.Error
//	if errors.As(err, &problem) && problem.Code == "not-a-number" { ... }
type Error struct {
	Code     string `json:"code"`     // a stable name such as not-a-number; docs/errors.md lists all
	Row      uint64 `json:"row"`      // the record at fault: the header of CSV is row 1; 0 if no single row is
	Column   string `json:"column"`   // the column, feature or term at fault; empty if none is
	Found    string `json:"found"`    // the text of the input that is wrong, shortened; empty if there is none
	Expected string `json:"expected"` // what the input should be instead; empty if nothing was found instead
	Text     string `json:"text"`     // a sentence that repeats neither row nor column
	Help     string `json:"help"`     // what to do; empty if nobody has to do anything
}

// Error returns one line: the place, what is wrong, and what to do.
func (e *Error) Error() string {
	var place []string
	if e.Row > 0 {
		place = append(place, fmt.Sprint("row ", e.Row))
	}
	if e.Column != "" {
		place = append(place, "column `"+e.Column+"`")
	}
	line := e.Text
	if len(place) > 0 {
		line = strings.Join(place, ", ") + ": " + line
	}
	if e.Help != "" {
		line += " (" + e.Help + ")"
	}
	return line
}

// ErrStopped is in the error of a call whose instance of the core had to be given up, for lack of memory for example. It is not expected of
// any input. The next call has a new instance.
var ErrStopped = errors.New("samefit: the core module stopped")

// public turns errors of the core into errors of this package.
func public(err error) error {
	switch err := err.(type) {
	case abi.Record:
		row, _ := err["row"].(uint64)
		text := func(field string) string { found, _ := err[field].(string); return found }
		return &Error{text("code"), row, text("column"), text("found"), text("expected"), text("text"), text("help")}
	case *abi.Trap:
		return fmt.Errorf("%w: %w", ErrStopped, err.Cause)
	}
	return err
}

// errorsOf returns error records as values.
func errorsOf(records []json.RawMessage) []*Error {
	all := make([]*Error, len(records))
	for n, record := range records {
		// the core wrote them, so they can be read
		_ = json.Unmarshal(record, &all[n])
	}
	return all
}

// text returns the text that a call of the core returned.
func text(value any, err error) (string, error) {
	found, _ := value.(string)
	return found, err
}

// handle returns the resource that a call of the core returned.
func handle(value any, err error) (*abi.Handle, error) {
	found, _ := value.(*abi.Handle)
	return found, err
}
