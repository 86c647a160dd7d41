package samefit

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/samefit/samefit/embed/go/internal/abi"
)

// A Verdict is the outcome of quality control. A refused model is a verdict, and no error.
type Verdict struct {
	Report
	// Model is the accepted model with its rmse, or nil if it was refused.
	Model *Model
	text  string
}

// String returns the text of report.json.
func (v *Verdict) String() string { return v.text }

// QC judges the model by records that it was not fitted on: whether their root mean squared residual is below the threshold, in units of the
// target.
func (m *Model) QC(ctx context.Context, records Data, threshold float64) (*Verdict, error) {
	plan, err := m.Plan()
	if err != nil {
		return nil, err
	}
	sums, err := m.engine.Summarize(ctx, records, plan)
	if err != nil {
		return nil, err
	}
	return m.Judge(sums, threshold)
}

// Judge judges the model as [Model.QC] does, by statistics of the records, which were made with the model's Plan.
func (m *Model) Judge(records *Statistics, threshold float64) (v *Verdict, err error) {
	err = records.with(func(i *instance, sums *abi.Handle) error {
		verdict, err := handle(i.Call("quality/judge", m.text, sums, threshold))
		if err != nil {
			return err
		}
		defer i.Free(verdict)
		v = new(Verdict)
		if v.text, err = text(i.Call("quality/verdict.report", verdict)); err != nil {
			return err
		}
		if err := decode(&v.Report)(v.text, nil); err != nil || !v.Accepted {
			return err
		}
		accepted, err := text(i.Call("quality/verdict.model", verdict))
		if err == nil {
			v.Model, err = m.engine.model(i, accepted, m.notes)
		}
		return err
	})
	return v, err
}

// Residuals compares the model's predictions with the outcomes of a table: Residuals (docs/formats.md) as JSON. Plan has only Missing.
func (m *Model) Residuals(ctx context.Context, data *Text, plan Plan) (json.RawMessage, error) {
	return m.engine.report(ctx, data, plan, "quality/residuals", m.text)
}

// Records writes a table as QC records, one JSON object a line, in row order. Plan has a Target.
func Records(ctx context.Context, w io.Writer, data *Text, plan Plan) error {
	_, err := byDefault(func(e *Engine) (any, error) { return nil, e.Records(ctx, w, data, plan) })
	return err
}

// Records is [Records] with this engine.
func (e *Engine) Records(ctx context.Context, w io.Writer, data *Text, plan Plan) error {
	document, err := document(data.Layout, plan)
	if err != nil {
		return err
	}
	return e.stream(ctx, data, "quality/record-writer", w, func(i *instance) (any, error) {
		return i.Call("quality/record-writer.new", document)
	})
}

// ProfileData describes every column of a table before a model is chosen: Profile (docs/formats.md) as JSON. Plan may have a Schema.
func ProfileData(ctx context.Context, data *Text, plan Plan) (json.RawMessage, error) {
	return byDefault(func(e *Engine) (json.RawMessage, error) { return e.ProfileData(ctx, data, plan) })
}

// ProfileData is [ProfileData] with this engine.
func (e *Engine) ProfileData(ctx context.Context, data *Text, plan Plan) (json.RawMessage, error) {
	return e.report(ctx, data, plan, "profile/profiler")
}

// report reads a text with a stream of the core that returns a document at the end. before: its arguments before the plan.
func (e *Engine) report(ctx context.Context, data *Text, plan Plan, stream string, before ...any) (json.RawMessage, error) {
	document, err := document(data.Layout, plan)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = e.stream(ctx, data, stream, &out, func(i *instance) (any, error) { return i.Call(stream+".new", append(before, document)...) })
	return out.Bytes(), err
}

// PreviewData guesses how a table is written from its first bytes, up to 65,536: Preview (docs/formats.md) as JSON. Nothing is guessed of
// what layout gives.
func PreviewData(start []byte, layout Layout) (json.RawMessage, error) {
	return byDefault(func(e *Engine) (json.RawMessage, error) { return e.PreviewData(start, layout) })
}

// PreviewData is [PreviewData] with this engine.
func (e *Engine) PreviewData(start []byte, layout Layout) (preview json.RawMessage, err error) {
	plan, err := document(layout)
	if err != nil {
		return nil, err
	}
	err = e.with(func(i *instance) error { return decode(&preview)(i.Call("profile/preview", start, plan)) })
	return preview, err
}

// A Form turns what a person types into the columns of a model: units, entry formulas, and problems.
type Form struct {
	engine   *Engine
	document string
}

// NewForm returns the form of a schema.json. [Model.Form] is that of a model.
func NewForm(schema []byte) (*Form, error) {
	return byDefault(func(e *Engine) (*Form, error) { f := &Form{e, string(schema)}; _, err := f.Fields(); return f, err })
}

// Form returns the form of the columns that the model needs.
func (m *Model) Form() *Form { return &Form{m.engine, m.text} }

// Fields returns the fields to draw, in order: Form (docs/formats.md) as JSON.
func (f *Form) Fields() (json.RawMessage, error) { return f.ask("fields") }

// Evaluate evaluates what was typed, a JSON object of texts by field: Entries (docs/formats.md) as JSON. A wrong entry is a problem in it.
func (f *Form) Evaluate(entries []byte) (json.RawMessage, error) {
	return f.ask("evaluate", string(entries))
}

// Convert converts the value of a field from a unit to another unit.
func (f *Form) Convert(field, value, unit, to string) (string, error) {
	converted, err := f.ask("convert", field, value, unit, to)
	return string(converted), err
}

func (f *Form) ask(question string, args ...any) (answer []byte, err error) {
	err = f.engine.with(func(i *instance) error {
		form, err := handle(i.Call("entry/form.new", f.document))
		if err != nil {
			return err
		}
		defer i.Free(form)
		found, err := text(i.Call("entry/form."+question, append([]any{form}, args...)...))
		answer = []byte(found)
		return err
	})
	return answer, err
}
