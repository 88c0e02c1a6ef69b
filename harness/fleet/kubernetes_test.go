package fleet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"loopfault/harness/fleet"
)

func manifest(t *testing.T, o fleet.Order) (batch.Job, string) {
	t.Helper()
	f, err := fleet.Make(filepath.Join(t.TempDir(), "it.fleet"), campaign(t, ""), o)
	require.NoError(t, err)
	e, err := f.Engine()
	require.NoError(t, err)
	require.NoError(t, f.Begin(t.Context(), e))
	text, err := os.ReadFile(filepath.Join(f.Dir, "job.yaml"))
	require.NoError(t, err)
	var job batch.Job
	require.NoError(t, yaml.UnmarshalStrict(text, &job), "every field is one of the API's, of its type, and there once: %s", text)
	return job, f.ID
}

// The manifest is a Job of Kubernetes' own types; no cluster has run it.
func TestManifestIsAnIndexedJob(t *testing.T) {
	o := pods("registry.example.org/qemu:12", "loopfault-data", "devices.kubevirt.io/kvm")
	o.Shards, o.Slots, o.Jobs = 12, 5, 2
	job, id := manifest(t, o)
	assert.Equal(t, "batch/v1", job.APIVersion)
	assert.Equal(t, "Job", job.Kind)
	assert.Equal(t, "loopfault-"+id, job.Name)
	spec := job.Spec
	assert.Equal(t, batch.IndexedCompletion, *spec.CompletionMode)
	assert.Equal(t, int32(12), *spec.Completions)
	assert.Equal(t, int32(5), *spec.Parallelism)
	assert.Equal(t, int32(3), *spec.BackoffLimitPerIndex)
	assert.Nil(t, spec.BackoffLimit, "one for all would end the others with a shard that fails")
	rules := spec.PodFailurePolicy.Rules
	require.Len(t, rules, 2)
	assert.Equal(t, batch.PodFailurePolicyActionIgnore, rules[0].Action)
	assert.Equal(t, core.DisruptionTarget, rules[0].OnPodConditions[0].Type)
	assert.Equal(t, batch.PodFailurePolicyActionFailIndex, rules[1].Action)
	assert.Equal(t, []int32{64}, rules[1].OnExitCodes.Values)

	pod := spec.Template.Spec
	assert.Equal(t, core.RestartPolicyNever, pod.RestartPolicy, "policies for failed pods ask for it")
	require.Len(t, pod.Containers, 1)
	shard := pod.Containers[0]
	assert.Equal(t, *rules[1].OnExitCodes.ContainerName, shard.Name)
	assert.Equal(t, "registry.example.org/qemu:12", shard.Image)
	assert.Equal(t, "exec /fleet/loopfault fleet shard /fleet $((JOB_COMPLETION_INDEX + 1))", shard.Command[2])
	assert.Equal(t, "4", shard.Resources.Requests.Cpu().String())
	assert.Equal(t, "3500Mi", shard.Resources.Requests.Memory().String())
	assert.Equal(t, "3500Mi", shard.Resources.Limits.Memory().String())
	kvm := shard.Resources.Limits["devices.kubevirt.io/kvm"]
	assert.Equal(t, "1", kvm.String())
	mounts := map[string]string{}
	for _, m := range shard.VolumeMounts {
		mounts[m.Name] = m.MountPath
	}
	assert.Equal(t, map[string]string{"fleet": "/fleet", "cache": "/cache"}, mounts)
	for _, v := range pod.Volumes {
		assert.Contains(t, mounts, v.Name)
		if v.Name == "fleet" {
			assert.Equal(t, "loopfault-data", v.PersistentVolumeClaim.ClaimName)
		} else {
			assert.NotNil(t, v.EmptyDir)
		}
	}
}

// Without a device pods emulate; without slots all run at once.
func TestManifestWithoutKVM(t *testing.T) {
	job, _ := manifest(t, pods("qemu", "c", ""))
	assert.Equal(t, int32(4), *job.Spec.Parallelism)
	assert.Len(t, job.Spec.Template.Spec.Containers[0].Resources.Requests, 2)
}

// Nothing is started, and how far the shards are is known where their runs are.
func TestKubernetesCannotBeAsked(t *testing.T) {
	f, err := fleet.Make(filepath.Join(t.TempDir(), "it.fleet"), campaign(t, ""), pods("qemu", "c", ""))
	require.NoError(t, err)
	e, err := f.Engine()
	require.NoError(t, err)
	require.NoError(t, f.Begin(t.Context(), e))
	assert.Contains(t, f.Next(), "kubectl apply -f "+filepath.Join(f.Dir, "job.yaml"))
	s, err := f.Status(t.Context(), e)
	require.NoError(t, err)
	assert.Equal(t, 4, s.Unknown)
	assert.Contains(t, f.WhenIncomplete(s), "kubectl delete job loopfault-"+f.ID)
	for n := 1; n <= 4; n++ {
		_, err := made.Shard(f.Results(n), n, -1)
		require.NoError(t, err)
	}
	s, err = f.Status(t.Context(), e)
	require.NoError(t, err)
	assert.True(t, s.Over() && s.Complete())
	var text strings.Builder
	require.NoError(t, s.Text(&text, 0))
	assert.Contains(t, text.String(), "shards: 4 done")
}
