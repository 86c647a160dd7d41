package samefit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/samefit/samefit/embed/go/internal/abi"
)

const (
	// chunkBytes is how much of a reader is read at once. Results do not depend on it.
	chunkBytes = 1 << 17
	// batchRows is how many rows of a table are given to the core at once. Results do not depend on it.
	batchRows = 1 << 16
)

// Data is a table: a [Text] that is read, or a [Table] of columns in memory.
type Data interface {
	// layout returns what a plan says about how the data are written.
	layout() any
	// rewind goes back to where the data began, for another pass.
	rewind() error
	// sum gives the data to a summarizer. It returns early if ctx is done.
	sum(ctx context.Context, i *instance, summarizer *abi.Handle) error
}

// A Text is a table as text, read to its end once: CSV, JSON or JSON Lines in UTF-8.
type Text struct {
	reader io.Reader
	start  int64 // where an io.Seeker was before the first pass, or -1
	Layout
}

// Layout says how a text is written. Only NA concerns JSON.
type Layout struct {
	Format    string   `json:"format,omitempty"`    // "csv", the default, "json" or "jsonl"
	Delimiter string   `json:"delimiter,omitempty"` // between cells; default: that of a line `sep=;` at the beginning, else a comma
	Decimal   string   `json:"decimal,omitempty"`   // before the decimals of a number: ".", the default, or ","
	Thousands string   `json:"thousands,omitempty"` // between groups of three digits, such as "."; default: none
	NA        []string `json:"na,omitempty"`        // texts that mean a missing value, besides those that always do
	Header    []string `json:"header,omitempty"`    // the names of the columns, where the text has no header
	Skip      int      `json:"skip,omitempty"`      // lines at the beginning that are passed over
	Comment   string   `json:"comment,omitempty"`   // lines that begin with this character are passed over
}

// CSV returns a table of text by RFC 4180, with a header. Set its other fields if it is written in another way:
//
//	table := samefit.CSV(file)
//	table.Delimiter = ";"
func CSV(r io.Reader) *Text { return newText(r, "csv") }

// JSONLines returns a table of JSON objects: one on each line, or one after another, or in an array.
func JSONLines(r io.Reader) *Text { return newText(r, "jsonl") }

// JSON returns a table of JSON objects, as [JSONLines] does. A single object is a table of one record, and predictions of it are one object.
func JSON(r io.Reader) *Text { return newText(r, "json") }

func newText(r io.Reader, format string) *Text {
	t := &Text{r, -1, Layout{Format: format}}
	if seeker, ok := r.(io.Seeker); ok {
		if at, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			t.start = at
		}
	}
	return t
}

func (t *Text) layout() any { return t.Layout }

func (t *Text) rewind() error {
	if seeker, ok := t.reader.(io.Seeker); ok && t.start >= 0 {
		_, err := seeker.Seek(t.start, io.SeekStart)
		return err
	}
	return errors.New("samefit: knots and shared statistics need two passes over the data: give a reader that can seek, such as a file")
}

func (t *Text) sum(ctx context.Context, i *instance, summarizer *abi.Handle) error {
	return t.push(ctx, i, "training/summarizer", summarizer, io.Discard)
}

// push gives the text to a stream of the core chunk by chunk, and writes what the stream returns.
func (t *Text) push(ctx context.Context, i *instance, stream string, handle *abi.Handle, w io.Writer) error {
	chunk := make([]byte, chunkBytes)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		read, end := t.reader.Read(chunk)
		if read > 0 {
			if err := write(w)(i.Call(stream+".push", handle, chunk[:read])); err != nil {
				return err
			}
		}
		if end == io.EOF {
			return nil
		} else if end != nil {
			return end
		}
	}
}

// write returns a function that writes the bytes or the text that a call of the core returned.
func write(w io.Writer) func(any, error) error {
	return func(value any, err error) error {
		switch value := value.(type) {
		case []byte:
			_, err = w.Write(value)
		case string:
			_, err = io.WriteString(w, value)
		}
		return err
	}
}

// stream reads a text with a stream of the core, which `open` creates, and writes all that the stream returns.
func (e *Engine) stream(ctx context.Context, t *Text, name string, w io.Writer, open func(*instance) (any, error), then ...func(*instance, *abi.Handle) error) error {
	return e.with(func(i *instance) error {
		stream, err := handle(open(i))
		if err != nil {
			return err
		}
		defer i.Free(stream)
		if err := t.push(ctx, i, name, stream, w); err != nil {
			return err
		}
		err = write(w)(i.Call(name+".finish", stream))
		for _, next := range then {
			if err == nil {
				err = next(i, stream)
			}
		}
		return err
	})
}

// A Table has columns of equal lengths, in order.
type Table []Column

// A Column has a name and values.
type Column struct {
	name    string
	rows    int
	numbers []float64                       // the values, or
	cell    func(to []byte, row int) []byte // what adds a value as text
}

// Value is a type of the values of a column.
type Value interface {
	float64 | float32 | int | int64 | int32 | int16 | int8 | uint | uint64 | uint32 | uint16 | uint8 | bool | string
}

// NewColumn returns a column, which shares the memory of values.
//
// A float means the shortest decimal that reads back as the same float, so 0.1 is a tenth, and NaN is a missing value. Integers of any size
// are exact. A string is a cell of CSV: a number, a level of a category, or a missing value. Booleans are the levels true and false.
func NewColumn[V Value](name string, values []V) Column {
	c := Column{name: name, rows: len(values)}
	switch typed := any(values).(type) {
	case []float64:
		c.numbers = typed
	case []float32:
		c.cell = func(to []byte, row int) []byte { return strconv.AppendFloat(to, float64(typed[row]), 'g', -1, 32) }
	default:
		c.cell = func(to []byte, row int) []byte { return fmt.Append(to, values[row]) }
	}
	return c
}

func (t Table) layout() any   { return struct{}{} }
func (t Table) rewind() error { return nil }

func (t Table) sum(ctx context.Context, i *instance, summarizer *abi.Handle) error {
	return t.batches(ctx, func(from, to int) error {
		if err := t.set(i, "training/summarizer", summarizer, from, to); err != nil {
			return err
		}
		_, err := i.Call("training/summarizer.sum-columns", summarizer)
		return err
	})
}

// batches calls use for the rows of each batch, at least once.
func (t Table) batches(ctx context.Context, use func(from, to int) error) error {
	rows := 0
	for _, c := range t {
		rows = max(rows, c.rows)
	}
	for from := 0; from == 0 || from < rows; from += batchRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := use(from, min(from+batchRows, rows)); err != nil {
			return err
		}
	}
	return nil
}

// set gives a batch of rows to a summarizer or a batch of the core.
func (t Table) set(i *instance, resource string, handle *abi.Handle, from, to int) error {
	for _, c := range t {
		from, to := min(from, c.rows), min(to, c.rows)
		var err error
		if c.cell == nil {
			_, err = i.Call(resource+".set-f64", handle, c.name, c.numbers[from:to])
		} else {
			var cells []byte
			for row := from; row < to; row++ {
				cell := len(cells)
				cells = c.cell(cells, row)
				if strings.ContainsAny(string(cells[cell:]), "\n\r") {
					return fmt.Errorf("samefit: column `%s`: the text %q has a line break", c.name, cells[cell:])
				}
				cells = append(cells, '\n')
			}
			_, err = i.Call(resource+".set-text", handle, c.name, cells)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
