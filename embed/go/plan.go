package samefit

import "encoding/json"

// A Plan says what to sum and to fit. The zero value sums all columns of numbers.
//
// Its keys in JSON are those of a plan document (docs/formats.md), which says more about each.
type Plan struct {
	// Target is the column to predict. By default it is the schema's.
	Target string `json:"target,omitzero"`
	// TargetName is the name of the target in predictions, where there is no Schema. Features must be named then.
	TargetName string `json:"-"`
	// Features are the terms of the model: a column (bmi), a power (bmi^2), a product (age*bmi), a function (ln(bmi)) or a spline
	// (rcs(age,30,50,70)). By default they are all columns but the target. An empty list means no features.
	Features []string `json:"features,omitzero"`
	// Formula is the model as a formula of R, such as y ~ bmi + C(site)*age, instead of Target, Features and NoIntercept.
	Formula string `json:"formula,omitzero"`
	// Columns are the columns to sum. By default they are those of Features and Target, else the schema's, else all columns of numbers.
	Columns []string `json:"columns,omitzero"`
	// Terms are terms to sum beyond the columns, so that models with them can be fitted.
	Terms []string `json:"terms,omitzero"`
	// Knots makes the feature of a column a restricted cubic spline with so many knots, 3 to 7, at the usual quantiles of the data.
	Knots map[string]int `json:"knots,omitzero"`

	// Categories are columns that are categories, besides those that the schema calls so.
	Categories []string `json:"categories,omitzero"`
	// Other has the levels that a category keeps. Every other level is `other`.
	Other map[string][]string `json:"other,omitzero"`
	// FindCategories takes a column of words that a feature names as a category. Fit does so always.
	FindCategories bool `json:"find_categories,omitzero"`
	// Reference is the level with which a category's other levels are compared. By default it is the first with rows.
	Reference map[string]string `json:"reference,omitzero"`

	// NoIntercept fits a model without a constant.
	NoIntercept bool `json:"-"`
	// Collinear says what to do with columns that depend exactly on those before them: "error", the default, or "drop".
	Collinear string `json:"collinear,omitzero"`
	// NearCollinear says what to do with features that are collinear but for rounding: "note", the default, or "error".
	NearCollinear string `json:"near_collinear,omitzero"`

	// Weights is the column with the weights of the rows. Counts is the column that says for how many equal rows a row stands.
	Weights string `json:"weights,omitzero"`
	Counts  string `json:"counts,omitzero"`
	// By is the column that divides the rows into groups, for [SummarizeGroups].
	By string `json:"by,omitzero"`
	// Missing says what to do with rows that lack a value: "error", the default, or "drop".
	Missing string `json:"missing,omitzero"`
	// NA are texts that mean a missing value, besides empty text, NA, NaN and null.
	NA []string `json:"na,omitzero"`
	// NoDistribution does not count each column's values. Fitting is faster then, and a model has no ranges of its training data, so
	// predictions have no warnings.
	NoDistribution bool `json:"-"`

	// Share rounds the values so that the statistics single out no few rows, and may leave their hospital. Decimals are the decimals of
	// columns, instead of the schema's.
	Share    bool           `json:"share,omitzero"`
	Decimals map[string]int `json:"decimals,omitzero"`
	// Shared is how values are rounded, as in shared statistics: for a model that is trained again, or for rows to subtract.
	Shared json.RawMessage `json:"shared,omitzero"`

	// Schema is the text of schema.json, the data dictionary. Units and Grids state parts of one where there is none.
	Schema json.RawMessage   `json:"schema,omitzero"`
	Units  map[string]string `json:"units,omitzero"`
	Grids  json.RawMessage   `json:"grids,omitzero"`
}

// bare is a Plan without methods. off has the keys that are true unless they are switched off.
type bare Plan
type off struct {
	Intercept    *bool `json:"intercept,omitempty"`
	Distribution *bool `json:"distribution,omitempty"`
}

// MarshalJSON returns the plan document.
func (p Plan) MarshalJSON() ([]byte, error) {
	no := new(bool)
	switched := off{}
	if p.NoIntercept {
		switched.Intercept = no
	}
	if p.NoDistribution {
		switched.Distribution = no
	}
	if p.TargetName != "" && p.Schema == nil {
		target := map[string]string{"column": p.Target, "name": p.TargetName}
		p.Schema, _ = json.Marshal(map[string]any{"format": "samefit-schema/1", "target": target})
	}
	return json.Marshal(struct {
		bare
		off
	}{bare(p), switched})
}

// UnmarshalJSON reads a plan document. It ignores how data are written, which a [Text] says.
func (p *Plan) UnmarshalJSON(document []byte) error {
	var read struct {
		bare
		off
	}
	err := json.Unmarshal(document, &read)
	*p = Plan(read.bare)
	p.NoIntercept = read.Intercept != nil && !*read.Intercept
	p.NoDistribution = read.Distribution != nil && !*read.Distribution
	return err
}

// document returns the JSON object with the keys of all parts. A later part replaces the keys of those before it.
func document(parts ...any) (string, error) {
	all := map[string]json.RawMessage{}
	for _, part := range parts {
		object, err := json.Marshal(part)
		if err == nil {
			err = json.Unmarshal(object, &all)
		}
		if err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(all)
	return string(text), err
}
