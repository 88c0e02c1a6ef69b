package serve

import (
	"bytes"
	"net/http"
	"slices"

	"loopfault/results/report/model"
	"loopfault/results/stats"
	"loopfault/results/summary"
)

type comparePage struct {
	frame
	A, B  model.Run
	Arms  []armPair
	Hangs []hangPair
}

// armPair is an arm of both runs: of the same kernel, or else of the same name. What only one of them has stands alone.
type armPair struct {
	A, B *summary.Arm
	Says stats.Compared // of both
}

// Both says that both runs have the arm.
func (p armPair) Both() bool { return p.A != nil && p.B != nil }

// One is the arm as the first run that has it calls it.
func (p armPair) One() summary.Arm {
	if p.A != nil {
		return *p.A
	}
	return *p.B
}

// hangPair is a signature with how often each run ended with it.
type hangPair struct {
	Title, Signature string
	A, B             int
}

func (s *Server) compare(b *bytes.Buffer, r *http.Request) error {
	q := r.URL.Query()
	p := comparePage{frame: newFrame("two runs")}
	for name, to := range map[string]*model.Run{q.Get("a"): &p.A, q.Get("b"): &p.B} {
		stored, err := s.load(name)
		if err != nil {
			return err
		}
		*to = model.Of(stored.Name, stored.Manifest, stored.Trials)
	}
	if q.Get("a") == q.Get("b") {
		p.A = p.B
	}
	p.Arms = pairArms(p.A.Summary.Arms, p.B.Summary.Arms)
	p.Hangs = pairHangs(p.A.Findings, p.B.Findings)
	return pages.ExecuteTemplate(b, "compare", p)
}

func pairArms(a, b []summary.Arm) []armPair {
	var list []armPair
	var pairs []stats.Pair
	seen := map[int]bool{} // of b
	for _, x := range a {
		i := slices.IndexFunc(b, func(y summary.Arm) bool {
			return y.Kernel == x.Kernel && y.Control == x.Control && y.NoFault == x.NoFault
		})
		if i < 0 {
			i = slices.IndexFunc(b, func(y summary.Arm) bool { return y.Name == x.Name })
		}
		if i < 0 {
			list = append(list, armPair{A: &x})
			continue
		}
		seen[i] = true
		list = append(list, armPair{A: &x, B: &b[i]})
		pairs = append(pairs, stats.Pair{Base: countOf(x), Arm: countOf(b[i])})
	}
	for i := range b {
		if !seen[i] {
			list = append(list, armPair{B: &b[i]})
		}
	}
	said := stats.Compare(pairs, stats.Aim{})
	for i := range list {
		if list[i].Both() {
			list[i].Says, said = said[0], said[1:]
		}
	}
	return list
}

func countOf(a summary.Arm) stats.Count {
	return stats.Count{Hits: a.Hung(), Trials: a.Counted()}
}

func pairHangs(a, b []model.Finding) []hangPair {
	var list []hangPair
	for _, f := range a {
		list = append(list, hangPair{Title: f.Title, Signature: f.Signature, A: len(f.Trials)})
	}
	for _, f := range b {
		i := slices.IndexFunc(list, func(h hangPair) bool { return h.Signature == f.Signature })
		if i < 0 {
			list = append(list, hangPair{Title: f.Title, Signature: f.Signature})
			i = len(list) - 1
		}
		list[i].B = len(f.Trials)
	}
	return list
}

// rate is a hang rate with its interval, in words.
func rate(a summary.Arm) string {
	if a.Counted() == 0 {
		return "–"
	}
	return model.Percent(a.HangRate) + " (" + model.Percent(a.Interval[0]) + " to " + model.Percent(a.Interval[1]) + ")"
}
