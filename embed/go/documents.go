package samefit

import (
	"encoding/json"
	"math"
	"reflect"
)

// A Summary is what a summary of a regression says. A number that is not defined is NaN. docs/names.md has the names of other programs.
type Summary struct {
	Target           Target          `json:"target"`
	Level            float64         `json:"level"`        // of the confidence intervals
	Coefficients     []Coefficient   `json:"coefficients"` // the intercept first, if there is one
	Features         []FeatureTest   `json:"features"`     // the joint tests of categories
	Rows             uint64          `json:"rows"`
	ResidualDF       uint64          `json:"residual_df"` // rows - number of coefficients
	RSS              float64         `json:"rss"`         // residual sum of squares
	TSS              float64         `json:"tss"`         // total sum of squares, about the mean or about 0
	ResidualSD       float64         `json:"residual_sd"` // sqrt(RSS / ResidualDF)
	RSquared         float64         `json:"r_squared"`
	RSquaredKind     string          `json:"r_squared_kind"` // "centred", or "uncentred" if the columns do not span the constant
	AdjustedRSquared float64         `json:"adjusted_r_squared"`
	F                float64         `json:"f"`    // of all features together
	FDF              []uint64        `json:"f_df"` // of the features, and of the residuals
	FP               float64         `json:"f_p"`
	LogLikelihood    float64         `json:"log_likelihood"`
	AIC              float64         `json:"aic"` // the variance of the residuals counts as a parameter, as in R
	BIC              float64         `json:"bic"`
	Covariance       []Numbers       `json:"covariance"` // of the coefficients, in their order
	Collinearity     *Collinearity   `json:"collinearity"`
	NearCollinear    []NearCollinear `json:"near_collinear"`
}

// A Target describes what is predicted. Name is the column or what the schema calls it; Unit is empty without a schema.
type Target struct {
	Column string `json:"column"`
	Name   string `json:"name"`
	Title  string `json:"title"`
	Unit   string `json:"unit"`
}

// A Coefficient is the factor of a term of the model.
type Coefficient struct {
	Name        string  `json:"name"` // the term, or (intercept)
	Coefficient float64 `json:"coefficient"`
	StdError    float64 `json:"std_error"`
	T           float64 `json:"t"`
	P           float64 `json:"p"`     // two-sided
	Lower       float64 `json:"lower"` // ends of the confidence interval
	Upper       float64 `json:"upper"`
	Tolerance   float64 `json:"tolerance"` // share of its variation that the others do not explain
	VIF         float64 `json:"vif"`       // 1 / Tolerance
}

// A FeatureTest is the F test of all coefficients of a feature with a category.
type FeatureTest struct {
	Name               string   `json:"name"`
	Coefficients       int      `json:"coefficients"` // how many
	F                  float64  `json:"f"`
	FDF                []uint64 `json:"f_df"`
	FP                 float64  `json:"f_p"`
	GeneralisedVIF     float64  `json:"generalised_vif"`
	GeneralisedVIFRoot float64  `json:"generalised_vif_root"`
}

// Collinearity has the diagnostics of Belsley, Kuh and Welsch: a row of proportions for each condition index, a column for each coefficient.
type Collinearity struct {
	ConditionIndices    Numbers   `json:"condition_indices"`
	VarianceProportions []Numbers `json:"variance_proportions"`
}

// NearCollinear names a column that is a combination of others but for rounding.
type NearCollinear struct {
	Column    string   `json:"column"`
	Others    []string `json:"others"`
	Tolerance float64  `json:"tolerance"`
	Relation  string   `json:"relation"` // such as 1.8*celsius + 32; empty if there is none with simple numbers
	Within    float64  `json:"within"`   // no row differs from it by more
}

// An FTest is the result of [Statistics.Compare] or of [Statistics.Test].
type FTest struct {
	Target       string   `json:"target"`
	Rows         uint64   `json:"rows"`
	Added        []string `json:"added"`        // of a comparison: the terms that only the larger model has
	Restrictions []string `json:"restrictions"` // of a test
	SumOfSquares float64  `json:"sum_of_squares"`
	F            float64  `json:"f"`
	FDF          []uint64 `json:"f_df"`
	FP           float64  `json:"f_p"`
}

// A Report is the verdict of quality control.
type Report struct {
	Accepted        bool    `json:"accepted"` // whether RMSE < Threshold
	RMSE            float64 `json:"rmse"`     // root mean squared residual over the records
	Threshold       float64 `json:"threshold"`
	Rows            uint64  `json:"rows"`
	Target          string  `json:"target"`
	MeanResidual    float64 `json:"mean_residual"` // of observed - predicted
	ModelResidualSD float64 `json:"model_residual_sd"`
	Text            string  `json:"text"` // the verdict as a sentence
}

// An Explanation is a prediction with what each feature adds to it, and how like the training data the record is.
type Explanation struct {
	Target        Target             `json:"target"`
	Prediction    float64            `json:"prediction"`
	Interval      *ExplainedInterval `json:"interval"` // nil without residual degrees of freedom
	Outcomes      json.RawMessage    `json:"outcomes"` // the place of the prediction among the outcomes of the training data
	Start         Start              `json:"start"`
	Contributions []Contribution     `json:"contributions"` // with Start they add up to the prediction, but for rounding
	Likeness      Likeness           `json:"likeness"`
	Warnings      []*Error           `json:"warnings"`
}

// ExplainedInterval is the prediction interval of an explanation.
type ExplainedInterval struct {
	Level float64 `json:"level"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Start is the prediction to which contributions are added: At the "mean" of each feature, or at "zero".
type Start struct {
	Value float64 `json:"value"`
	At    string  `json:"at"`
}

// A Contribution is what a feature adds to a prediction: Coefficient * (Value - Mean), and the sum over its levels for a category.
type Contribution struct {
	Name         string            `json:"name"`
	Columns      []string          `json:"columns"`
	Levels       map[string]string `json:"levels"` // the record's level of each category
	Value        float64           `json:"value"`
	Mean         float64           `json:"mean"`
	Coefficient  float64           `json:"coefficient"`
	Contribution float64           `json:"contribution"`
}

// Likeness tells how similar a record is to the training data. It is Unlike them if Leverage is above Threshold.
type Likeness struct {
	Leverage        float64 `json:"leverage"`
	Threshold       float64 `json:"threshold"`
	Unlike          bool    `json:"unlike"`
	DistanceSquared float64 `json:"distance_squared"` // squared Mahalanobis distance
	P               float64 `json:"p"`
}

// Numbers is a list in which a number that is not defined is NaN.
type Numbers []float64

// UnmarshalJSON reads a JSON array of numbers and nulls.
func (n *Numbers) UnmarshalJSON(data []byte) error {
	var read []*float64
	err := json.Unmarshal(data, &read)
	*n = make(Numbers, len(read))
	for at, number := range read {
		if (*n)[at] = math.NaN(); number != nil {
			(*n)[at] = *number
		}
	}
	return err
}

// UnmarshalJSON reads a summary. A null is NaN.
func (s *Summary) UnmarshalJSON(data []byte) error {
	type plain Summary
	return read(data, (*plain)(s))
}

// UnmarshalJSON reads a coefficient. A null is NaN.
func (c *Coefficient) UnmarshalJSON(data []byte) error {
	type plain Coefficient
	return read(data, (*plain)(c))
}

// UnmarshalJSON reads a test of a feature. A null is NaN.
func (t *FeatureTest) UnmarshalJSON(data []byte) error {
	type plain FeatureTest
	return read(data, (*plain)(t))
}

// UnmarshalJSON reads a relation of columns. A null is NaN.
func (c *NearCollinear) UnmarshalJSON(data []byte) error {
	type plain NearCollinear
	return read(data, (*plain)(c))
}

// UnmarshalJSON reads an F test. A null is NaN.
func (t *FTest) UnmarshalJSON(data []byte) error { type plain FTest; return read(data, (*plain)(t)) }

// UnmarshalJSON reads a report. A null is NaN.
func (r *Report) UnmarshalJSON(data []byte) error { type plain Report; return read(data, (*plain)(r)) }

// UnmarshalJSON reads a contribution. A null is NaN.
func (c *Contribution) UnmarshalJSON(data []byte) error {
	type plain Contribution
	return read(data, (*plain)(c))
}

// UnmarshalJSON reads a likeness. A null is NaN.
func (l *Likeness) UnmarshalJSON(data []byte) error {
	type plain Likeness
	return read(data, (*plain)(l))
}

// read reads a JSON object into a struct, where null leaves NaN in a field of float64.
func read(data []byte, into any) error {
	fields := reflect.ValueOf(into).Elem()
	for n := range fields.NumField() {
		if field := fields.Field(n); field.Kind() == reflect.Float64 {
			field.SetFloat(math.NaN())
		}
	}
	return json.Unmarshal(data, into)
}

// decode returns a function that reads the JSON that a call of the core returned.
func decode(into any) func(any, error) error {
	return func(value any, err error) error {
		if text, ok := value.(string); ok && err == nil {
			err = json.Unmarshal([]byte(text), into)
		}
		return err
	}
}
