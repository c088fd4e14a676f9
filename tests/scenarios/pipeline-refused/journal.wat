(component (import "knosc:bulk-import/journal@0.1.0" (instance)))
