package index

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"loopfault/results/verdict"
)

// Counts are trials by verdict.
type Counts map[verdict.Kind]int

// Run is a run in lists.
type Run struct {
	Name     string    `json:"run"`
	Scenario string    `json:"scenario"`
	Started  time.Time `json:"started"`
	Kernels  []string  `json:"kernels"` // of its arms, in their order
	Arms     int       `json:"arms"`
	Trials   int       `json:"trials"`
	Verdicts Counts    `json:"verdicts"`
	Outcome  string    `json:"outcome"` // clean, found, inconclusive, broken; "" while no trial is complete
	Problem  string    `json:"problem,omitempty"`
}

// Filter selects runs; empty fields select all.
type Filter struct {
	Scenario string // a part of its name
	Kernel   string // the name of an arm's kernel
	Outcome  string
	Limit    int // the newest so many; 0 is no bound
}

// Runs lists runs, oldest first.
func (ix *Index) Runs(ctx context.Context, f Filter) ([]Run, error) {
	if f.Limit == 0 {
		f.Limit = -1
	}
	rows, err := ix.db.QueryContext(ctx, `SELECT * FROM (
		SELECT r.name, r.scenario, r.started, r.outcome, r.problem, COUNT(a.place), COALESCE(GROUP_CONCAT(a.kernel, char(10) ORDER BY a.place), ''),
			COALESCE(SUM(a.clean), 0), COALESCE(SUM(a.hang), 0), COALESCE(SUM(a.stall), 0), COALESCE(SUM(a.crash), 0), COALESCE(SUM(a.inconclusive), 0), COALESCE(SUM(a.error), 0)
		FROM runs r LEFT JOIN arms a ON a.run = r.id
		WHERE (?1 = '' OR instr(r.scenario, ?1) > 0) AND (?2 = '' OR r.outcome = ?2) AND (?3 = '' OR EXISTS (SELECT 1 FROM arms WHERE run = r.id AND kernel = ?3))
		GROUP BY r.id ORDER BY r.name DESC LIMIT ?4) ORDER BY 1`, f.Scenario, f.Outcome, f.Kernel, f.Limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, scanRun)
}

// scanRun reads one row of Runs.
func scanRun(rows *sql.Rows, r *Run) error {
	var started int64
	var kernels string
	counts := make([]int, len(verdict.Kinds()))
	err := rows.Scan(&r.Name, &r.Scenario, &started, &r.Outcome, &r.Problem, &r.Arms, &kernels, &counts[0], &counts[1], &counts[2], &counts[3], &counts[4], &counts[5])
	r.Kernels = []string{}
	if kernels != "" {
		r.Kernels = strings.Split(kernels, "\n")
	}
	if started != 0 {
		r.Started = time.Unix(started, 0).UTC()
	}
	r.Verdicts, r.Trials = countsOf(counts)
	return err
}

// countsOf names counts that are in the order of verdict.Kinds.
func countsOf(list []int) (Counts, int) {
	counts, sum := Counts{}, 0
	for i, k := range verdict.Kinds() {
		counts[k] = list[i]
		sum += list[i]
	}
	return counts, sum
}

// Point is one arm of one run in a history.
type Point struct {
	Run     string
	Started time.Time
	Arm     string
	Kernel  string
	Version string
	Control bool
	Counts  Counts
}

// History is all arms that a scenario ran on, oldest first; kernel chooses one, "" all.
func (ix *Index) History(ctx context.Context, scenario, kernel string) ([]Point, error) {
	rows, err := ix.db.QueryContext(ctx, `SELECT r.name, r.started, a.name, a.kernel, a.version, a.control, a.clean, a.hang, a.stall, a.crash, a.inconclusive, a.error
		FROM runs r JOIN arms a ON a.run = r.id WHERE r.scenario = ?1 AND (?2 = '' OR a.kernel = ?2) ORDER BY r.started, r.name, a.place`, scenario, kernel)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows, p *Point) error {
		var started int64
		counts := make([]int, len(verdict.Kinds()))
		err := rows.Scan(&p.Run, &started, &p.Arm, &p.Kernel, &p.Version, &p.Control, &counts[0], &counts[1], &counts[2], &counts[3], &counts[4], &counts[5])
		p.Started = time.Unix(started, 0).UTC()
		p.Counts, _ = countsOf(counts)
		return err
	})
}

// Scenarios and Kernels list the names in the index.
func (ix *Index) Scenarios(ctx context.Context) ([]string, error) {
	return ix.names(ctx, "SELECT DISTINCT scenario FROM runs WHERE scenario <> '' ORDER BY 1")
}

func (ix *Index) Kernels(ctx context.Context) ([]string, error) {
	return ix.names(ctx, "SELECT DISTINCT kernel FROM arms ORDER BY 1")
}

func (ix *Index) names(ctx context.Context, query string) ([]string, error) {
	rows, err := ix.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows, s *string) error { return rows.Scan(s) })
}

// collect reads all rows, and closes them.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows, *T) error) ([]T, error) {
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
