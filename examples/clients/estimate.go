// How much does x tell about y = x² + noise? Standard library alone: go run estimate.go
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"os"
)

type reply struct {
	Estimate float64
	Unit     string
	Interval struct{ Level, Lower, Upper float64 }
	Warnings []struct{ Code, Message string }
}

func main() {
	url := os.Getenv("MISTD_URL")
	if url == "" {
		url = "http://127.0.0.1:3000"
	}
	x, y := make([]float64, 400), make([]float64, 400)
	for i := range x {
		x[i] = rand.NormFloat64()
		y[i] = x[i]*x[i] + 0.5*rand.NormFloat64()
	}
	body, err := json.Marshal(map[string]any{"x": x, "y": y, "unit": "bits"})
	if err != nil {
		log.Fatal(err)
	}
	response, err := http.Post(url+"/estimate", "application/json", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		log.Fatal(response.Status)
	}
	var r reply
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f %s, %.0f%% between %.3f and %.3f\n", r.Estimate, r.Unit, 100*r.Interval.Level, r.Interval.Lower, r.Interval.Upper)
}
