;; Of another contract, and one export of ours of three: no world.
(component
  (component $inner)
  (instance $thing (instantiate $inner))
  (export "acme:other/thing@2.0.0" (instance $thing))
  (instance $planner (instantiate $inner))
  (export "knosc:bulk-import/planner@0.1.0" (instance $planner)))
