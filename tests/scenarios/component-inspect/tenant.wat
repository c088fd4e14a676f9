;; What a tenant might bring, without code: a world, an import, and what its maker wrote into it, one of them a terminal's command.
(component $merge
  (@custom "version" "1.2.3")
  (@custom "licenses" "MIT")
  (@custom "source" "https://erp.acme.example/merge")
  (@custom "description" "Merges two exports\1b[2J into one")
  (import "wasi:cli/environment@0.2.12" (instance))
  (component $inner)
  (instance $run (instantiate $inner))
  (export "knosc:bulk-import/pipeline@0.1.0" (instance $run)))
