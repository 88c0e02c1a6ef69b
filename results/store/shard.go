package store

import (
	"fmt"
	"regexp"
	"strconv"
)

// Shard is one of the parts that a campaign's plan is cut into, so that several machines can run it: "2/8" is the
// second of eight. It has whole rounds of the plan, so that all arms of a round run on one machine. The zero value
// is the whole plan.
type Shard struct {
	Number int // from 1 on
	Of     int
}

var shardForm = regexp.MustCompile(`^([0-9]{1,6})/([0-9]{1,6})$`)

// MarshalText gives "2/8", and "" for the whole plan.
func (s Shard) MarshalText() ([]byte, error) {
	if s == (Shard{}) {
		return nil, nil
	}
	return fmt.Appendf(nil, "%d/%d", s.Number, s.Of), nil
}

// UnmarshalText reads what MarshalText gives.
func (s *Shard) UnmarshalText(text []byte) error {
	*s = Shard{}
	if len(text) == 0 {
		return nil
	}
	m := shardForm.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("shard %q: want NUMBER/OF, as in 2/8 for the second of eight", text)
	}
	number, _ := strconv.Atoi(string(m[1])) // six digits at most
	of, _ := strconv.Atoi(string(m[2]))
	if number < 1 || number > of {
		return fmt.Errorf("shard %q: there is no shard %d of %d, they are counted from 1 on", text, number, of)
	}
	*s = Shard{number, of}
	return nil
}

// String is "shard 2 of 8".
func (s Shard) String() string { return fmt.Sprintf("shard %d of %d", s.Number, s.Of) }

// Has says whether the n-th of what is dealt out in turn, counted from 1, is in the shard.
func (s Shard) Has(n int) bool { return s == (Shard{}) || n%s.Of == s.Number%s.Of }
