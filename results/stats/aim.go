package stats

import "math"

// Aim is what a campaign has to be able to show. The zero value stands for the
// defaults.
type Aim struct {
	Power  float64 // chance of showing a difference that is there; 0: DefaultPower
	Rate   float64 // of arms without hits: that their rate is below this one; 0: smallRate
	Family int     // campaigns whose comparisons are read together, this one counted; 0: this one alone
}

// smallRate is what the rate of arms without hits should be bounded below.
const smallRate = 0.01

func (a Aim) power() float64 {
	if a.Power == 0 {
		return DefaultPower
	}
	return a.Power
}

func (a Aim) bound() int {
	if a.Rate == 0 {
		return TrialsToBound(smallRate)
	}
	return TrialsToBound(a.Rate)
}

func (a Aim) family() int { return max(a.Family, 1) }

// lookingCosts is how many times the trials of Fisher's test the sequential one
// takes for the same power: measured, 1.3 for rates near 1, 2 for small ones, for
// powers from 0.8 to 0.9.
const lookingCosts = 2.0

// Answered says whether a sequential comparison need not go on: it has shown a
// difference, or had the trials to show, with the power asked for, that one rate
// is half of the other; of no hits at all, that the rate is small.
func (a Aim) Answered(p Pair, c Compared, comparisons int) bool {
	if c.Significant() {
		return true
	}
	least := min(p.Base.Trials, p.Arm.Trials)
	rate := max(p.Base.Rate(), p.Arm.Rate())
	if rate == 0 {
		return least >= a.bound()
	}
	need := TrialsToShow(rate, rate/2, a.power(), comparisons*a.family())
	return least >= int(math.Ceil(lookingCosts*float64(need)))
}
