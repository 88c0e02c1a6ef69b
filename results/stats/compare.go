package stats

// Word is what may be said of a comparison. There is none for "equal" or
// "fixed": no number of trials shows that.
type Word string

const (
	Worse        Word = "worse"
	Better       Word = "better"
	NoDifference Word = "no difference shown"
	TooFew       Word = "too few trials"
)

// Method names a test.
type Method string

const (
	ByFisher     Method = "fisher"     // Fisher: for a number of trials that was fixed before
	BySequential Method = "sequential" // Sequential: may stop for what was seen
)

// Pair is an arm and its base, to be compared.
type Pair struct {
	Base, Arm Count
	Blocks    *Sequential // decides when there is one; Fisher's test otherwise
}

// Compared is an arm against its base.
type Compared struct {
	Method       Method  `json:"method"`
	P            float64 `json:"p_value"`           // of this comparison alone
	Adjusted     float64 `json:"p_adjusted"`        // for all comparisons together; the verdict is based on it
	E            float64 `json:"e_value,omitempty"` // of the sequential test
	Word         Word    `json:"verdict"`
	TrialsNeeded int     `json:"trials_needed"` // per arm, see needed
}

// Significant says whether the arms differ, all comparisons considered.
func (c Compared) Significant() bool { return c.Adjusted <= significance }

// Compare says of all pairs of a campaign what may be said, together.
func Compare(pairs []Pair, aim Aim) []Compared {
	all := make([]Compared, len(pairs))
	p := make([]float64, len(pairs))
	for i, pair := range pairs {
		all[i] = pair.test()
		p[i] = all[i].P
	}
	for i, adjusted := range Holm(p) {
		// Bonferroni for the other campaigns: what they show is not known here.
		all[i].Adjusted = min(1, adjusted*float64(aim.family()))
		all[i].Word = word(pairs[i], all[i], len(pairs)*aim.family())
		all[i].TrialsNeeded = needed(pairs[i], aim, len(pairs)*aim.family())
	}
	return all
}

func (p Pair) test() Compared {
	if p.Blocks != nil {
		return Compared{Method: BySequential, P: p.Blocks.P(), E: p.Blocks.E()}
	}
	return Compared{Method: ByFisher, P: Fisher(p.Base.Hits, p.Base.Trials, p.Arm.Hits, p.Arm.Trials)}
}

// smallest is the least p-value that as many trials could have had.
func (p Pair) smallest() float64 {
	if p.Blocks != nil {
		return mostExtreme(p.Blocks.Blocks()).P()
	}
	return Fisher(p.Base.Trials, p.Base.Trials, 0, p.Arm.Trials)
}

// rates are those that tell which arm is worse. Of blocks they are the blocks' own: trials that no block has may be
// those that ended first, and so those that did not hang.
func (p Pair) rates() (base, arm float64) {
	if p.Blocks != nil {
		p.Base, p.Arm = Count{p.Blocks.baseHits, p.Blocks.blocks}, Count{p.Blocks.armHits, p.Blocks.blocks}
	}
	return p.Base.Rate(), p.Arm.Rate()
}

func word(p Pair, c Compared, comparisons int) Word {
	base, arm := p.rates()
	switch {
	case c.Significant() && arm > base:
		return Worse
	case c.Significant() && arm < base:
		return Better
	// Checked last: beside clearer comparisons Holm demands less than this.
	case p.smallest() > significance/float64(comparisons):
		return TooFew
	}
	return NoDifference
}

// needed is how many trials an arm takes to answer, by Fisher's test, what the
// numbers leave open: whether the rates differ as they seem to; if they seem
// alike, whether one is half of the other; and of no hits at all, whether the
// rate is small. An arm without trials is taken to be like the other one.
func needed(p Pair, aim Aim, comparisons int) int {
	base, arm := p.Base.Rate(), p.Arm.Rate()
	if p.Base.Trials == 0 {
		base = arm
	}
	if p.Arm.Trials == 0 {
		arm = base
	}
	switch {
	case base == 0 && arm == 0:
		return aim.bound()
	case base == arm:
		arm = base / 2
	}
	return TrialsToShow(base, arm, aim.power(), comparisons)
}
