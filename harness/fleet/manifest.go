package fleet

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"loopfault/results/safefile"
)

const (
	manifestFile = "job.yaml"
	mount        = "/fleet" // where pods see the fleet's directory
	mountCache   = "/cache" // where they unpack the bundle
)

// restarts is how often a shard's pod is started again after it failed. Nodes that are drained or die do not count.
const restarts = 3

// object is a part of a manifest. Its types are those of batch/v1 and core/v1, which a test reads it with, strictly;
// with them the program itself would be larger by a third.
type object map[string]any

func (f *Fleet) writeManifest() error {
	text, err := yaml.Marshal(f.manifest())
	if err != nil {
		return err
	}
	of := "a campaign of loopfault"
	if f.Cells != nil {
		of = "loopfault, each a campaign"
	}
	head := fmt.Sprintf("# %d shards of %s. The volume of claim %s holds what is in %s.\n", f.Shards, of, f.Pods.Claim, f.Dir)
	return safefile.WriteIn(f.Dir, manifestFile, append([]byte(head), text...), 0o644)
}

// manifest is an Indexed Job: one pod for each shard, with its index.
func (f *Fleet) manifest() object {
	labels := object{"app.kubernetes.io/name": "loopfault", "loopfault/fleet": f.ID}
	parallel := f.Shards
	if f.Slots > 0 {
		parallel = min(f.Slots, f.Shards)
	}
	return object{
		"apiVersion": "batch/v1", "kind": "Job",
		"metadata": object{"name": f.jobName(), "labels": labels},
		"spec": object{
			"completionMode": "Indexed", "completions": f.Shards, "parallelism": parallel, "backoffLimitPerIndex": restarts,
			"podFailurePolicy": object{"rules": []object{
				{"action": "Ignore", "onPodConditions": []object{{"type": "DisruptionTarget", "status": "True"}}},
				// Bad usage: another pod would fail, too.
				{"action": "FailIndex", "onExitCodes": object{"containerName": "shard", "operator": "In", "values": []int{64}}},
			}},
			"template": object{
				"metadata": object{"labels": labels},
				"spec": object{
					"restartPolicy": "Never", "terminationGracePeriodSeconds": 60, "automountServiceAccountToken": false,
					"containers": []object{f.container()},
					"volumes": []object{
						{"name": "fleet", "persistentVolumeClaim": object{"claimName": f.Pods.Claim}},
						{"name": "cache", "emptyDir": object{}},
					},
				},
			},
		},
	}
}

func (f *Fleet) container() object {
	needs := object{"cpu": fmt.Sprint(f.CPUs), "memory": fmt.Sprintf("%dMi", f.MiB)}
	limits := object{"memory": needs["memory"]}
	if f.Pods.KVM != "" {
		needs[f.Pods.KVM], limits[f.Pods.KVM] = "1", "1"
	}
	return object{
		"name": "shard", "image": f.Pods.Image,
		// Shards are counted from 1 on. With exec the signal that ends the pod reaches loopfault.
		"command":   []string{"sh", "-c", fmt.Sprintf("exec %s/%s fleet shard %s $((JOB_COMPLETION_INDEX + 1))", mount, programFile, mount)},
		"env":       []object{{"name": "LOOPFAULT_CACHE", "value": mountCache}},
		"resources": object{"requests": needs, "limits": limits},
		"securityContext": object{
			"allowPrivilegeEscalation": false, "capabilities": object{"drop": []string{"ALL"}}, "seccompProfile": object{"type": "RuntimeDefault"},
		},
		"volumeMounts": []object{{"name": "fleet", "mountPath": mount}, {"name": "cache", "mountPath": mountCache}},
	}
}
