package fleet_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"loopfault/harness/bundle"
	"loopfault/harness/fleet"
)

func TestOrdersThatCannotBe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "no.fleet")
	for want, change := range map[string]func(*fleet.Campaign, *fleet.Order){
		"--shards is 0, want 1 to":           func(_ *fleet.Campaign, o *fleet.Order) { o.Shards = 0 },
		"want no more shards than that":      func(_ *fleet.Campaign, o *fleet.Order) { o.Shards = 13 },
		"--slots is -1":                      func(_ *fleet.Campaign, o *fleet.Order) { o.Slots = -1 },
		"--jobs is -2":                       func(_ *fleet.Campaign, o *fleet.Order) { o.Jobs = -2 },
		"one trial, which has no shards":     func(c *fleet.Campaign, _ *fleet.Order) { c.Trial = &bundle.Trial{} },
		"a plan without an end":              func(c *fleet.Campaign, _ *fleet.Order) { c.Terms.Trials = 0 },
		"--sbatch goes with --engine slurm":  func(_ *fleet.Campaign, o *fleet.Order) { o.Sbatch = []string{"--mem=0"} },
		"go with --engine kubernetes":        func(_ *fleet.Campaign, o *fleet.Order) { o.Pods = &fleet.Pods{} },
		"kubernetes needs --image":           func(_ *fleet.Campaign, o *fleet.Order) { o.Engine = fleet.Kubernetes },
		"--claim: want the name of a claim":  func(_ *fleet.Campaign, o *fleet.Order) { *o = pods("a/b", "A b", "") },
		"--kvm-resource: want DOMAIN/NAME":   func(_ *fleet.Campaign, o *fleet.Order) { *o = pods("a/b", "c", "kvm") },
		"--image: want the name of an image": nil,
	} {
		if change == nil {
			change, want = func(_ *fleet.Campaign, o *fleet.Order) { *o = pods("a b", "c", "") }, "--image: want the name"
		}
		c, o := campaign(t, ""), order()
		change(&c, &o)
		_, err := fleet.Make(dir, c, o)
		require.ErrorContains(t, err, want)
		assert.NoDirExists(t, dir)
	}
}

func pods(image, claim, kvm string) fleet.Order {
	return fleet.Order{Engine: fleet.Kubernetes, Shards: 4, Pods: &fleet.Pods{Image: image, Claim: claim, KVM: kvm}}
}

// The same order finds its fleet again, another one is refused.
func TestSameOrderGoesOn(t *testing.T) {
	dir, c := filepath.Join(t.TempDir(), "it.fleet"), campaign(t, "")
	f, err := fleet.Make(dir, c, order())
	require.NoError(t, err)
	o := order()
	o.Slots = 7
	again, err := fleet.Make(dir, c, o)
	require.NoError(t, err)
	assert.Equal(t, f.ID, again.ID)
	read, err := fleet.Open(dir)
	require.NoError(t, err)
	assert.Equal(t, 7, read.Slots)
	o.Shards = 3
	_, err = fleet.Make(dir, c, o)
	require.ErrorContains(t, err, "a fleet of another campaign, of 4 shards on engine local")
	c.Seed++
	_, err = fleet.Make(dir, c, order())
	require.ErrorContains(t, err, "a fleet of another campaign")
}

// The directory may be another user's.
func TestHostileFleets(t *testing.T) {
	_, err := fleet.Open(t.TempDir())
	require.ErrorContains(t, err, "is no fleet: there is no fleet.json in it")
	f, err := fleet.Make(filepath.Join(t.TempDir(), "it.fleet"), campaign(t, ""), order())
	require.NoError(t, err)
	state := filepath.Join(f.Dir, "fleet.json")
	text, err := os.ReadFile(state)
	require.NoError(t, err)
	for want, change := range map[string]func(map[string]any){
		"is of format 9":          func(m map[string]any) { m["format"] = 9 },
		"its id, its shards":      func(m map[string]any) { m["id"] = "../../x" },
		"its shards, its arms or": func(m map[string]any) { m["shards"] = 1 << 40 },
		"its arms or its pods":    func(m map[string]any) { m["arms"] = []any{} },
	} {
		var m map[string]any
		require.NoError(t, json.Unmarshal(text, &m))
		change(m)
		bad, err := json.Marshal(m)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(state, bad, 0o644))
		_, err = fleet.Open(f.Dir)
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, os.WriteFile(state, []byte("{"), 0o644))
	_, err = fleet.Open(f.Dir)
	require.ErrorContains(t, err, "is damaged")
	require.NoError(t, os.Remove(state))
	require.NoError(t, os.Symlink("/etc/passwd", state))
	_, err = fleet.Open(f.Dir)
	require.ErrorContains(t, err, "leads out of")

	require.NoError(t, os.Remove(state))
	require.NoError(t, os.WriteFile(state, text, 0o644))
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(f.Dir, "shards", "0002")))
	e, err := f.Engine()
	require.NoError(t, err)
	_, err = f.Status(t.Context(), e)
	require.ErrorContains(t, err, "leads out of")
}

func TestDirectoriesAreNamedAfterCampaigns(t *testing.T) {
	for what, want := range map[string]string{
		"there/campaign.tar.zst":            "campaign.fleet",
		"open-evict":                        "open-evict.fleet",
		"open-evict:quick,vers=4.0,fs=ext4": "open-evict-quick-vers-4.0-fs-ext4.fleet",
		"mine.yaml":                         "mine.fleet",
	} {
		assert.Equal(t, want, fleet.DirOf(what))
	}
}
