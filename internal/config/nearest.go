package config

// nearest is the candidate that a misspelt name most likely means, or "".
func nearest(name string, candidates []string) string {
	best, limit := "", min(1+len(name)/3, 4)
	for _, candidate := range candidates {
		if d := distance(name, candidate); d <= limit {
			best, limit = candidate, d-1
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
