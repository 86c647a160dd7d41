package samefit

import (
	"context"
	"encoding/json"
	"io"
	"runtime"

	"github.com/samefit/samefit/embed/go/internal/abi"
)

// A Model predicts. It does not change, and any goroutine may use it.
//
// Instances of the core keep a model that they have read, until Close is called or the model is garbage.
type Model struct {
	engine  *Engine
	text    string
	columns []string
	notes   []json.RawMessage
	id      *resident
}

// ParseModel reads the text of model.json.
func ParseModel(text []byte) (*Model, error) {
	return byDefault(func(e *Engine) (*Model, error) { return e.ParseModel(text) })
}

// ParseModel is [ParseModel] with this engine.
func (e *Engine) ParseModel(text []byte) (m *Model, err error) {
	err = e.with(func(i *instance) error {
		m, err = e.model(i, string(text), nil)
		return err
	})
	return m, err
}

// model returns a model, which the instance keeps. notes: those on its data.
func (e *Engine) model(i *instance, text string, notes []json.RawMessage) (*Model, error) {
	m := &Model{engine: e, text: text, id: new(resident)}
	handle, err := m.in(i)
	if err != nil {
		return nil, err
	}
	runtime.AddCleanup(m, e.forget, m.id)
	if err := decode(&m.columns)(i.Call("prediction/model.columns", handle)); err != nil {
		return nil, err
	}
	err = decode(&m.notes)(i.Call("prediction/model.notes", handle))
	m.notes = append(notes[:len(notes):len(notes)], m.notes...)
	return m, err
}

// in returns the model in an instance, which reads it if it does not have it yet.
func (m *Model) in(i *instance) (*abi.Handle, error) {
	if kept := i.models[m.id]; kept != nil {
		return kept, nil
	}
	read, err := handle(i.Call("prediction/model.parse", m.text))
	if err == nil {
		i.models[m.id] = read
	}
	return read, err
}

// with calls use with the model in an instance.
func (m *Model) with(use func(*instance, *abi.Handle) error) error {
	return m.engine.with(func(i *instance) error {
		handle, err := m.in(i)
		if err != nil {
			return err
		}
		return use(i, handle)
	})
}

// Close frees the memory that instances of the core use for the model, now and not when it is garbage. The model can still be used.
func (m *Model) Close() { m.engine.forget(m.id) }

// String returns the text of model.json.
func (m *Model) String() string { return m.text }

// MarshalJSON returns the model as JSON. [Model.String] has the bytes of a file.
func (m *Model) MarshalJSON() ([]byte, error) { return []byte(m.text), nil }

// Columns returns the names of the columns that a prediction needs, in the order of the values of [Model.Predict].
func (m *Model) Columns() []string { return append([]string{}, m.columns...) }

// Notes returns what a user should know: about the data, if the model was fitted here, and features that nearly depend on others.
func (m *Model) Notes() []*Error { return errorsOf(m.notes) }

// Plan returns the plan that sums data for this model: for [Model.Judge], or to train the model again.
func (m *Model) Plan() (plan Plan, err error) {
	err = m.with(func(i *instance, model *abi.Handle) error {
		return decode(&plan)(i.Call("prediction/model.plan", model))
	})
	return plan, err
}

// Summary returns what a summary of a regression says, with confidence intervals of a level such as 0.95.
func (m *Model) Summary(level float64) (summary *Summary, err error) {
	err = m.with(func(i *instance, model *abi.Handle) error {
		return decode(&summary)(i.Call("prediction/model.summary", model, level))
	})
	return summary, err
}

// Difference returns the path and the two values of the first difference between two models, or nothing if they are equal. What quality
// control adds is not compared.
func (m *Model) Difference(other *Model) (difference string, err error) {
	err = m.engine.with(func(i *instance) error {
		difference, err = text(i.Call("quality/first-difference", m.text, other.text))
		return err
	})
	return difference, err
}

// Interval says which interval a prediction has. The zero value is the 95 % prediction interval.
type Interval struct {
	// Level is the probability of the interval, above 0 and below 1. 0 means 0.95.
	Level float64
	// OfMean asks for the interval of the mean of all outcomes with these values (a confidence interval), not of one new outcome.
	OfMean bool
}

func chosen(of []Interval) (level float64, ofMean bool) {
	level = 0.95
	if len(of) > 0 {
		if ofMean = of[0].OfMean; of[0].Level != 0 {
			level = of[0].Level
		}
	}
	return level, ofMean
}

// A Prediction has the ends of its interval, in units of the target. They are infinite if the model has no residual degrees of freedom.
type Prediction struct{ Value, Lower, Upper float64 }

// Predict predicts one record, whose values are those of [Model.Columns] in their order. A level of a category that is a code, such as 2, is
// a number too; use [Model.PredictRecord] for others.
func (m *Model) Predict(values []float64, of ...Interval) (Prediction, error) {
	level, ofMean := chosen(of)
	i, err := m.engine.take()
	if err != nil {
		return Prediction{}, err
	}
	defer m.engine.put(i)
	model, err := m.in(i)
	if err != nil {
		return Prediction{}, public(err)
	}
	found, err := i.Call("prediction/model.predict-columns", model, values, uint32(1), level, ofMean)
	if err != nil {
		return Prediction{}, public(err)
	}
	p := found.([]float64)
	return Prediction{p[0], p[1], p[2]}, nil
}

// A Status says what became of a row.
type Status byte

// Rows of status Fine and OutOfRange have a prediction.
const (
	Fine       Status = iota // predicted
	OutOfRange               // predicted, outside of the range of the training data or of what is plausible
	Missing                  // not predicted: a value is missing
	Failed                   // not predicted for another reason
)

// String returns the word that the column `status` of predictions has.
func (s Status) String() string { return [...]string{"fine", "out of range", "missing", "error"}[s] }

// Predictions are those of the rows of a table, in order. A row without a prediction has NaN.
type Predictions struct {
	Values, Lower, Upper []float64
	Status               []Status
	// Problems says why rows have no prediction, for the first 100 of each 65,536 rows. The first row of the table is row 1.
	Problems []*Error
}

// PredictColumns predicts the rows of a table. Columns that the model does not use are ignored. A row that cannot be predicted stops no other.
func (m *Model) PredictColumns(ctx context.Context, table Table, of ...Interval) (*Predictions, error) {
	level, ofMean := chosen(of)
	all := &Predictions{}
	err := m.with(func(i *instance, model *abi.Handle) error {
		batch, err := handle(i.Call("prediction/batch.new", model))
		if err != nil {
			return err
		}
		defer i.Free(batch)
		return table.batches(ctx, func(from, to int) error {
			if err := table.set(i, "prediction/batch", batch, from, to); err != nil {
				return err
			}
			found, err := i.Call("prediction/batch.predict", batch, level, ofMean)
			if err != nil {
				return err
			}
			status, err := i.Call("prediction/batch.status", batch)
			if err != nil {
				return err
			}
			var problems []*Error
			if err := decode(&problems)(i.Call("prediction/batch.problems", batch)); err != nil {
				return err
			}
			all.add(found.([]float64), status.([]byte), problems, uint64(from))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// add adds the predictions of a batch. before: the number of rows before it.
func (p *Predictions) add(values []float64, status []byte, problems []*Error, before uint64) {
	rows := len(status)
	p.Values = append(p.Values, values[:rows]...)
	p.Lower = append(p.Lower, values[rows:2*rows]...)
	p.Upper = append(p.Upper, values[2*rows:]...)
	for _, one := range status {
		p.Status = append(p.Status, Status(one))
	}
	for _, problem := range problems {
		problem.Row += before
		p.Problems = append(p.Problems, problem)
	}
}

// PredictRecord predicts one record: an attributes object as JSON, in the workshop's form or plain, such as {"bmi": 0.06, "ltg": 0.02}. It
// returns the object with the prediction, its interval and warnings before its other keys.
func (m *Model) PredictRecord(attributes []byte, of ...Interval) (prediction []byte, err error) {
	level, ofMean := chosen(of)
	err = m.with(func(i *instance, model *abi.Handle) error {
		found, err := text(i.Call("prediction/model.predict-record", model, string(attributes), level, ofMean))
		prediction = []byte(found)
		return err
	})
	return prediction, err
}

// PredictOptions says what to write of predictions. The zero value writes all in the format of the data, and stops at the first error.
type PredictOptions struct {
	Only      string  `json:"only,omitempty"`       // "predicted" writes the value alone
	WithInput bool    `json:"with_input,omitempty"` // writes the input's columns before the prediction
	To        string  `json:"to,omitempty"`         // the format: "csv" or "jsonl"
	OnError   string  `json:"on_error,omitempty"`   // "continue" writes a record that cannot be predicted without a prediction, and goes on
	Interval  string  `json:"interval,omitempty"`   // "confidence" for the mean of all outcomes of such records
	Level     float64 `json:"level,omitempty"`      // the probability of the interval; default: 0.95
}

// PredictTable predicts every record of a text and writes the predictions. What was written before an error stays.
func (m *Model) PredictTable(ctx context.Context, w io.Writer, data *Text, options PredictOptions) (counts Counts, err error) {
	plan, err := document(data.Layout, options)
	if err != nil {
		return counts, err
	}
	open := func(i *instance) (any, error) {
		model, err := m.in(i)
		if err != nil {
			return nil, err
		}
		return i.Call("prediction/table.new", model, plan)
	}
	err = m.engine.stream(ctx, data, "prediction/table", w, open, func(i *instance, table *abi.Handle) error {
		return decode(&counts)(i.Call("prediction/table.counts", table))
	})
	return counts, err
}

// Counts has the number of records of each status.
type Counts struct {
	Fine       uint64 `json:"fine"`
	OutOfRange uint64 `json:"out of range"`
	Missing    uint64 `json:"missing"`
	Failed     uint64 `json:"error"`
}

// Explain explains the prediction of one record: what each feature adds, and how like the training data the record is.
func (m *Model) Explain(attributes []byte, level float64) (explanation *Explanation, err error) {
	err = m.with(func(i *instance, model *abi.Handle) error {
		return decode(&explanation)(i.Call("prediction/model.explain", model, string(attributes), level))
	})
	return explanation, err
}

// Curve predicts one record for each of the values of one column, numbers or texts. The other columns have the values of attributes.
func (m *Model) Curve(attributes []byte, column string, values any, of ...Interval) (*Predictions, error) {
	level, ofMean := chosen(of)
	list, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	all := &Predictions{}
	err = m.with(func(i *instance, model *abi.Handle) error {
		found, err := i.Call("prediction/model.curve", model, string(attributes), column, string(list), level, ofMean)
		if err == nil {
			numbers := found.([]float64)
			all.add(numbers, make([]byte, len(numbers)/3), nil, 0)
		}
		return err
	})
	return all, err
}
