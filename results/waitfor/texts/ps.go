package texts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// psNames are the columns of ps(1) that are read, by what the head calls them.
var psNames = map[string]string{
	"PID": "pid", "TID": "tid", "LWP": "tid", "SPID": "tid", "PPID": "ppid", "UID": "uid", "USER": "uid", "STAT": "stat", "S": "stat",
	"WCHAN": "wchan", "COMMAND": "comm", "CMD": "comm",
}

// ps takes the head and the rows of a list of processes. A list tells something if it has states and ends with the name.
func (s *sorter) ps(line string) bool {
	if s.columns == nil && !strings.Contains(line, "PID") {
		return false
	}
	f := strings.Fields(line)
	if slices.Contains(f, "PID") {
		columns := make([]string, len(f))
		for i, name := range f {
			columns[i] = psNames[name]
		}
		s.columns = nil
		if slices.Contains(columns, "stat") && slices.Contains(columns, "wchan") && columns[len(columns)-1] == "comm" {
			s.columns = columns
			return true
		}
		return false
	}
	if s.columns == nil {
		return false
	}
	row := map[string]string{}
	for i, name := range s.columns {
		if i < len(f) && name != "" {
			row[name] = f[i]
		}
	}
	if len(f) < len(s.columns) || !isNumber(row["pid"]) {
		s.columns = nil
		return false
	}
	row["comm"] = strings.Trim(strings.Join(f[len(s.columns)-1:], " "), "[]")
	if row["tid"] == "" {
		row["tid"] = row["pid"]
	}
	for _, name := range []string{"ppid", "uid"} {
		if row[name] == "" {
			row[name] = "-"
		}
	}
	s.t.add("ps.txt", "", fmt.Sprintf("%s %s %s %s %s %s %s", row["pid"], row["tid"], row["ppid"], row["uid"], row["stat"], row["wchan"], row["comm"]), true)
	return true
}

func isNumber(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0
}
