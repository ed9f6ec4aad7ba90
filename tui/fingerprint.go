package tui

import "goheap/report"

// fingerprintAction copies what a line of a file for --known begins with.
func fingerprintAction(a *App, selected func() *report.Suspect) Action {
	return Action{Keys: []Key{char('K')}, Label: "fingerprint", Priority: 9,
		Help:     "Copy the fingerprint of the suspect: with the reason why it is fine behind it, it is a line of a file for --known.",
		Disabled: func() string { return reasonIf(selected() == nil, "no suspect is selected") },
		Do:       func() { a.copy(selected().Fingerprint) }}
}
