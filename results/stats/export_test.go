package stats

// For tests of what the exported functions are made of.
var (
	NormalTrials = normalTrials
	BlockE       = blockE
)
