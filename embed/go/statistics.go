package samefit

import (
	"context"
	"encoding/json"

	"github.com/samefit/samefit/embed/go/internal/abi"
)

// Statistics are the exact row count, sums and sums of products of the columns of some rows: all that a model needs of them.
//
// They have no rounding, so Add and Subtract lose nothing: statistics of any split of the rows, added in any order, are equal to those of
// one pass, and after Subtract they are as if the rows had never been there. Equal statistics have equal text.
//
// A value does not change. Any goroutine may use it.
type Statistics struct {
	engine *Engine
	text   string
	notes  []json.RawMessage
}

// A Group has the statistics of the rows with one value of the column By of the plan.
type Group struct {
	Name       string
	Statistics *Statistics
}

// Fit reads data and fits a model, as `samefit train` does. For two passes, as with Knots and Share, a [Text] must be able to seek.
//
// If ctx is done, Fit returns its error after the chunk that it has read. It does not interrupt a reader.
func Fit(ctx context.Context, data Data, plan Plan) (*Model, error) {
	return byDefault(func(e *Engine) (*Model, error) { return e.Fit(ctx, data, plan) })
}

// Fit is [Fit] with this engine.
func (e *Engine) Fit(ctx context.Context, data Data, plan Plan) (model *Model, err error) {
	plan.FindCategories = true
	err = e.sum(ctx, data, plan, "finish", func(i *instance, sums *abi.Handle, plan string, notes []json.RawMessage) error {
		model, err = e.fit(i, sums, plan, notes)
		return err
	})
	return model, err
}

// Summarize reads data and sums its columns. With Share in the plan, the statistics may be given to others.
func Summarize(ctx context.Context, data Data, plan Plan) (*Statistics, error) {
	return byDefault(func(e *Engine) (*Statistics, error) { return e.Summarize(ctx, data, plan) })
}

// Summarize is [Summarize] with this engine.
func (e *Engine) Summarize(ctx context.Context, data Data, plan Plan) (s *Statistics, err error) {
	err = e.sum(ctx, data, plan, "finish", func(i *instance, sums *abi.Handle, _ string, notes []json.RawMessage) error {
		s, err = e.statistics(i, sums, notes)
		return err
	})
	return s, err
}

// SummarizeGroups reads data and sums the rows of each group, which the column By of the plan names. Groups are in the order of levels.
func SummarizeGroups(ctx context.Context, data Data, plan Plan) ([]Group, error) {
	return byDefault(func(e *Engine) ([]Group, error) { return e.SummarizeGroups(ctx, data, plan) })
}

// SummarizeGroups is [SummarizeGroups] with this engine.
func (e *Engine) SummarizeGroups(ctx context.Context, data Data, plan Plan) (groups []Group, err error) {
	err = e.sum(ctx, data, plan, "finish-groups", func(i *instance, all *abi.Handle, _ string, notes []json.RawMessage) error {
		var names []string
		if err := decode(&names)(i.Call("training/groups.names", all)); err != nil {
			return err
		}
		for _, name := range names {
			sums, err := handle(i.Call("training/groups.take", all, name))
			if err != nil {
				return err
			}
			s, err := e.statistics(i, sums, notes)
			i.Free(sums)
			if err != nil {
				return err
			}
			groups = append(groups, Group{name, s})
		}
		return nil
	})
	return groups, err
}

// sum passes over the data, and calls use with what the summarizer's function `finish` returns, the plan document of the last pass, and
// the notes of all passes.
func (e *Engine) sum(ctx context.Context, data Data, plan Plan, finish string, use func(*instance, *abi.Handle, string, []json.RawMessage) error) error {
	var notes []json.RawMessage
	chosen := map[string]json.RawMessage{}
	return e.with(func(i *instance) error {
		// the passes that choose a key of the plan for the passes after them
		for _, first := range []struct {
			needed      bool
			finish, key string
		}{{len(plan.Knots) > 0, "choose-knots", "knots"}, {plan.Share && plan.Shared == nil, "choose-decimals", "shared"}} {
			if !first.needed {
				continue
			}
			choice, _, err := pass(ctx, i, data, plan, chosen, first.finish, &notes)
			if err == nil {
				err = data.rewind()
			}
			if err != nil {
				return err
			}
			chosen[first.key] = json.RawMessage(choice.(string))
		}
		found, text, err := pass(ctx, i, data, plan, chosen, finish, &notes)
		if err != nil {
			return err
		}
		defer i.Free(found.(*abi.Handle))
		return use(i, found.(*abi.Handle), text, notes)
	})
}

// pass reads the data once. It returns what the summarizer's function `finish` returns, and the plan document.
func pass(ctx context.Context, i *instance, data Data, plan Plan, chosen map[string]json.RawMessage, finish string, notes *[]json.RawMessage) (any, string, error) {
	text, err := document(data.layout(), plan, chosen)
	if err != nil {
		return nil, "", err
	}
	summarizer, err := handle(i.Call("training/summarizer.new", text))
	if err != nil {
		return nil, "", err
	}
	defer i.Free(summarizer)
	if err := data.sum(ctx, i, summarizer); err != nil {
		return nil, "", err
	}
	found, err := i.Call("training/summarizer."+finish, summarizer)
	if err != nil {
		return nil, "", err
	}
	var more []json.RawMessage
	err = decode(&more)(i.Call("training/summarizer.notes", summarizer))
	*notes = append(*notes, more...)
	return found, text, err
}

// statistics returns sums of an instance as a value.
func (e *Engine) statistics(i *instance, sums *abi.Handle, notes []json.RawMessage) (*Statistics, error) {
	text, err := text(i.Call("training/statistics.to-json", sums))
	return &Statistics{e, text, notes}, err
}

// fit fits a model to sums of an instance, which keeps it for predictions.
func (e *Engine) fit(i *instance, sums *abi.Handle, plan string, notes []json.RawMessage) (*Model, error) {
	text, err := text(i.Call("training/statistics.fit", sums, plan))
	if err != nil {
		return nil, err
	}
	return e.model(i, text, notes)
}

// ParseStatistics reads the text of statistics.json. It refuses statistics that no data can have.
func ParseStatistics(text []byte) (*Statistics, error) {
	return byDefault(func(e *Engine) (*Statistics, error) { return e.ParseStatistics(text) })
}

// ParseStatistics is [ParseStatistics] with this engine.
func (e *Engine) ParseStatistics(text []byte) (s *Statistics, err error) {
	err = (&Statistics{engine: e, text: string(text)}).with(func(i *instance, sums *abi.Handle) error {
		s, err = e.statistics(i, sums, nil)
		return err
	})
	return s, err
}

// with calls use with the statistics in an instance.
func (s *Statistics) with(use func(*instance, *abi.Handle) error) error {
	return s.engine.with(func(i *instance) error {
		sums, err := handle(i.Call("training/statistics.parse", s.text))
		if err != nil {
			return err
		}
		defer i.Free(sums)
		return use(i, sums)
	})
}

// Add returns the statistics of these rows and those of all others. They must have the same columns, units, terms and rounding.
func (s *Statistics) Add(others ...*Statistics) (*Statistics, error) {
	return s.combine("merge", others)
}

// Subtract returns the statistics of these rows without those of all others. It is an error if no data can have the rest.
func (s *Statistics) Subtract(others ...*Statistics) (*Statistics, error) {
	return s.combine("subtract", others)
}

func (s *Statistics) combine(how string, others []*Statistics) (result *Statistics, err error) {
	notes := s.notes
	err = s.with(func(i *instance, sums *abi.Handle) error {
		for _, other := range others {
			more, err := handle(i.Call("training/statistics.parse", other.text))
			if err != nil {
				return err
			}
			_, err = i.Call("training/statistics."+how, sums, more)
			i.Free(more)
			if err != nil {
				return err
			}
			notes = append(notes[:len(notes):len(notes)], other.notes...)
		}
		result, err = s.engine.statistics(i, sums, notes)
		return err
	})
	return result, err
}

// Equal tells whether both are the statistics of the same rows, in any order: whether their texts are equal.
func (s *Statistics) Equal(other *Statistics) bool { return s.text == other.text }

// String returns the text of statistics.json.
func (s *Statistics) String() string { return s.text }

// MarshalJSON returns the statistics as JSON. [Statistics.String] has the bytes of a file.
func (s *Statistics) MarshalJSON() ([]byte, error) { return []byte(s.text), nil }

// UnmarshalJSON reads statistics, as [ParseStatistics] does, from JSON with any spaces.
func (s *Statistics) UnmarshalJSON(text []byte) error {
	read, err := ParseStatistics(text)
	if err == nil {
		*s = *read
	}
	return err
}

// Columns returns the names of the categories and of the columns that were summed.
func (s *Statistics) Columns() []string {
	var read struct {
		Categories, Columns []struct{ Column, Name string }
	}
	// the core wrote it, so it can be read
	_ = json.Unmarshal([]byte(s.text), &read)
	names := []string{}
	for _, one := range append(read.Categories, read.Columns...) {
		names = append(names, one.Column+one.Name)
	}
	return names
}

// Notes returns what a user should know about the data: columns left out, rows dropped, values rounded.
func (s *Statistics) Notes() []*Error { return errorsOf(s.notes) }

// Fit fits a model to the statistics. The plan has a Target, and features whose sums are there.
func (s *Statistics) Fit(plan Plan) (model *Model, err error) {
	document, err := document(plan)
	if err != nil {
		return nil, err
	}
	err = s.with(func(i *instance, sums *abi.Handle) error {
		model, err = s.engine.fit(i, sums, document, s.notes)
		return err
	})
	return model, err
}

// Compare compares two models of these rows, one of which has all features of the other, by the F test: whether the further features
// explain more than chance would. The plans come in any order.
func (s *Statistics) Compare(plan, other Plan) (*FTest, error) {
	second, err := document(other)
	if err != nil {
		return nil, err
	}
	return s.fTest("compare", plan, second)
}

// Test tests whether the coefficients of a model obey linear restrictions, such as "bmi = 2*ltg, age = 0", all together, by the F test.
func (s *Statistics) Test(plan Plan, restrictions string) (*FTest, error) {
	return s.fTest("test", plan, restrictions)
}

func (s *Statistics) fTest(call string, plan Plan, other string) (test *FTest, err error) {
	first, err := document(plan)
	if err != nil {
		return nil, err
	}
	err = s.with(func(i *instance, sums *abi.Handle) error {
		return decode(&test)(i.Call("training/statistics."+call, sums, first, other))
	})
	return test, err
}

// Audit returns the part of an audit line that follows from shared statistics, as a JSON object (Audit in docs/formats.md). table: the name
// of the data, which its notes have.
func (s *Statistics) Audit(table string) (line json.RawMessage, err error) {
	notes := make([]map[string]any, len(s.notes))
	for n, note := range s.notes {
		// the core wrote it, so it can be read
		_ = json.Unmarshal(note, &notes[n])
		notes[n]["file"] = table
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return nil, err
	}
	err = s.with(func(i *instance, sums *abi.Handle) error {
		return decode(&line)(i.Call("training/statistics.audit", sums, string(text)))
	})
	return line, err
}
