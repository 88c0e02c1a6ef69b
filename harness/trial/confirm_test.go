package trial

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"loopfault/harness/timeouts"
	"loopfault/results/kernelreport"
	"loopfault/results/verdict"
	"loopfault/workloads/wire"
)

func TestTwoLooksThatFindTheSameSleepProveAHang(t *testing.T) {
	at := func(lost string, since ...float64) look {
		l := look{lost: lost, sleepers: map[int]wire.Blocked{}}
		for pid, s := range since {
			l.sleepers[pid] = wire.Blocked{PID: pid, Since: s}
		}
		return l
	}
	s := suspects{}
	assert.False(t, s.take(at("thing:layoutreturn", 3, 4)), "once is a look at traffic")
	assert.False(t, s.take(at("thing:layoutreturn", 8, 9)), "they slept, and sleep again")
	assert.False(t, s.take(at("thing:other", 8, 9)))
	assert.False(t, s.take(at("", 8, 9)))
	assert.False(t, s.take(at("thing:layoutreturn", 8, 9)))
	assert.True(t, s.take(at("thing:layoutreturn", 10, 9)), "one of them has not woken")
	assert.False(t, s.take(look{lost: "thing:layoutreturn", err: assert.AnError, sleepers: map[int]wire.Blocked{1: {Since: 9}}}))
}

// Of two looks between which all went on, the first does not count.
func TestALookFromBeforeTasksWentOnProvesNothing(t *testing.T) {
	l := look{lost: "thing:layoutreturn", sleepers: map[int]wire.Blocked{0: {Since: 3}}}
	s := suspects{looks: make(chan look, 1)}
	assert.False(t, s.take(l))
	s.looks <- l
	s.busy = true
	s.forget()
	assert.False(t, s.busy, "the next look may be taken")
	assert.Empty(t, s.looks)
	assert.False(t, s.take(l))
	assert.True(t, s.take(l))
}

// The watch tells again of a sleep that is a quarter older; of whom it is silent woke up.
func TestSleepersThatWokeAreNoSuspects(t *testing.T) {
	e := detectors{last: 20, sleepers: map[int]wire.Blocked{
		1: {PID: 1, Since: 13, Seconds: 6}, 2: {PID: 2, Since: 2, Seconds: 6},
	}}
	assert.Contains(t, e.asleep(), 1)
	assert.NotContains(t, e.asleep(), 2)
}

// Who sleeps on when the load is gone hangs; everybody awake is a stall.
func TestWithoutLoadOnlyWhoSleepsCounts(t *testing.T) {
	b := timeouts.For(2)
	e := detectors{oldest: 0.4, quietAt: 99}
	assert.False(t, e.awake(b), "nobody was reported: not for this to say")
	e.blocked = []kernelreport.Report{{Kind: kernelreport.KindProcStack, Detector: verdict.TaskWatch}}
	look := func(uptime, oldest float64) bool {
		e.last, e.oldest = uptime, oldest
		return e.awake(b)
	}
	assert.False(t, look(90, 0.4), "this was under load")
	assert.False(t, look(96, 0.4), "and this")
	assert.False(t, look(100, 0.4), "it may fall asleep again")
	assert.False(t, look(102, 1.9))
	assert.True(t, look(104.1, 0))
	assert.False(t, look(121, 17))
	assert.False(t, look(122, 0.2), "it sent its request again")
	assert.False(t, look(123, 1.2))
	assert.False(t, look(124, 2.2), "and sleeps on")
	assert.False(t, look(125, 3.2))
}

func TestAWorkloadThatGoesOnWithoutLoadOnlyStalled(t *testing.T) {
	p := pace{workers: []string{"writer/0"}, began: 1}
	for s := range 10 {
		p.sample(float64(2+s), []int64{int64(100 * s)})
	}
	for s := range 10 {
		p.sample(float64(12+s), []int64{900})
	}
	assert.False(t, p.goesOn([]string{"writer"}, 12))
	for s := range 5 {
		p.sample(float64(22+s), []int64{int64(900 + 50*s)})
	}
	assert.True(t, p.goesOn([]string{"writer"}, 22))
	assert.True(t, p.goesOn([]string{"all"}, 22))
}

// Who waits for a lock of NFSv3 and asks again is not stuck, though it sleeps again at once;
// a sleep from before the load was taken away is what counts.
func TestWaitsForLocksAreBackWhenEachBeganAnew(t *testing.T) {
	e, h, b := open(t)
	waits := func(uptime, since float64) {
		e.sample(wire.Sample{Uptime: uptime, Oldest: uptime - since, Asleep: 1, Blocked: []wire.Blocked{
			{PID: 8, TGID: 7, Comm: "state/0", State: "S", Since: since, Seconds: uptime - since, Stack: "[<0>] nlmclnt_wait+0x1/0x2\n"},
		}}, h, b)
	}
	waits(120, 100)
	assert.Equal(t, []string{"7"}, e.waiters(), "the process, whichever thread waits")
	e.relieved, e.quietAt = true, 121
	waits(130, 100)
	assert.False(t, e.awake(b), "it still waits")
	waits(140, 130)
	assert.True(t, e.awake(b), "it asked again at 130 s")
}
