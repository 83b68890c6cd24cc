// Command yamljson reads a JSON list of YAML texts on standard input and writes, for each, the
// JSON that kubectl would send for it, or the error, and what a strict reader would object to.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// Answer is what became of one text.
type Answer struct {
	JSON   json.RawMessage `json:"json,omitempty"`
	Error  string          `json:"error,omitempty"`
	Strict string          `json:"strict,omitempty"`
}

func read(text string) (answer Answer) {
	defer func() {
		if trouble := recover(); trouble != nil {
			answer = Answer{Error: fmt.Sprint(trouble)}
		}
	}()
	content, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return Answer{Error: err.Error()}
	}
	answer.JSON = content
	if _, err := yaml.YAMLToJSONStrict([]byte(text)); err != nil {
		answer.Strict = err.Error()
	}
	return answer
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		fmt.Fprintln(os.Stderr, "expected a JSON list of texts on standard input:", err)
		os.Exit(2)
	}
	answers := make([]Answer, len(texts))
	for i, text := range texts {
		answers[i] = read(text)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
