package store

// Merged says what a run was merged from.
type Merged struct {
	Of     int          `json:"of"`     // shards that the campaign was cut into
	Shards []ShardRun   `json:"shards"` // by number; one that ran twice is there twice
	Hosts  []MergedHost `json:"hosts"`  // that ran trials, by name
}

// ShardRun is one run that was merged, as it was then.
type ShardRun struct {
	Shard   Shard   `json:"shard"`
	Run     RunName `json:"run"`
	Planned int     `json:"planned"`         // trials of the shard's part of the plan
	Trials  int     `json:"trials"`          // complete ones of it
	Twice   int     `json:"twice,omitempty"` // complete trials that another run of the shard has, too, and that do not count
	Ended   string  `json:"ended,omitempty"` // "done", or why it stopped; "" if it was killed
}

// Whole says whether the run had nothing left to do.
func (r ShardRun) Whole() bool { return r.Trials >= r.Planned || r.Ended == Done }

// MergedHost is a machine that trials ran on, and how many of them.
type MergedHost struct {
	Host
	QEMU   string `json:"qemu"`
	Accel  string `json:"accel"`
	Trials int    `json:"trials"`
}

// Missing lists the shards of which there is no run.
func (m Merged) Missing() (numbers []int) {
	have := map[int]bool{}
	for _, s := range m.Shards {
		have[s.Shard.Number] = true
	}
	for n := 1; n <= m.Of; n++ {
		if !have[n] {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// Unfinished lists the shards of which no run has all trials.
func (m Merged) Unfinished() (list []ShardRun) {
	best := map[int]ShardRun{}
	for _, s := range m.Shards {
		if b, seen := best[s.Shard.Number]; !seen || !b.Whole() && (s.Whole() || s.Trials > b.Trials) {
			best[s.Shard.Number] = s
		}
	}
	for n := 1; n <= m.Of; n++ {
		if s, seen := best[n]; seen && !s.Whole() {
			list = append(list, s)
		}
	}
	return list
}
