package report

import (
	"context"
	"fmt"
)

// RuleSingle is the rule for one retainer that holds a large share.
const RuleSingle = "single"

func singleRule() Rule {
	return Rule{
		Name:  RuleSingle,
		Title: "single holder",
		Doc: "A root, or an object that several roots hold, by itself retains more than a tenth of the live heap. " +
			"Where the bytes come together below it is its accumulation point: the walk to the dominated object that retains most goes on as long as that keeps 0.7 of its dominator's bytes.",
		Try:  "A second dump says which of it grows.",
		find: findSingle,
	}
}

// findSingle is step 2 of MAT's leak hunter (FindLeaksQuery): the children of the
// super-root that retain more than the threshold.
func findSingle(ctx context.Context, h *hunt) error {
	for i := range h.holders {
		r := &h.holders[i]
		if r.Retained <= h.threshold || r.Kind == RetainerJoint || r.Kind == RetainerCluster || r.Class || r.Timers > 0 || r.Own {
			continue
		}
		h.claimed[i] = true
		f := Suspect{Rule: RuleSingle, Name: r.Name, Type: r.Type, Node: r.Node, Address: r.Address, Count: 1, Retained: r.Retained}
		if f.holding = singleHolders(h.s, r); len(f.holding) > 0 {
			var err error
			if f.lead, err = leadTo(ctx, h.s, f.holding, r.Node); err != nil {
				return err
			}
		}
		f.Accumulation = h.s.Accumulation(r.Node)
		f.Sentence = h.singleSentence(&f)
		h.found = append(h.found, f)
	}
	return nil
}

func (h *hunt) singleSentence(f *Suspect) string {
	name, at := Printable(f.Name), Printable(f.Accumulation.Expression)
	text := fmt.Sprintf("%s keeps %s alive", name, h.amount(f.Retained))
	if f.Accumulation.Node != f.Node && at != name {
		text += fmt.Sprintf(", of which %s in %s", HumanBytes(f.Accumulation.Retained), at)
		if f.Accumulation.Type != "" {
			text += fmt.Sprintf(" (%s)", Printable(f.Accumulation.TypeText()))
		}
	} else if !h.s.Graph.IsRoot(f.Node) {
		text += ", held as " + at // its name is but an address
	} else if f.Accumulation.List > 0 {
		text += ": a " + Printable(f.Accumulation.TypeText())
	}
	return text + "."
}
