/**
 * A layered drawing of blocks and edges: layers by longest path, ways back left out of the layering, places of passing
 * edges kept free, order by barycentres. Pure geometry in pixels; knows nothing of programs.
 */

export interface FlowNode {
  readonly width: number
  readonly height: number
}

export interface FlowLink {
  readonly from: number
  readonly to: number
}

export interface PlacedNode {
  /** Left upper corner. */
  readonly x: number
  readonly y: number
}

export interface PlacedLink {
  /** Of an SVG path. */
  readonly path: string
  /** Leads upwards: a loop. */
  readonly back: boolean
}

export interface FlowDrawing {
  readonly width: number
  readonly height: number
  readonly nodes: readonly PlacedNode[]
  readonly links: readonly PlacedLink[]
}

const GAP_X = 24
const GAP_Y = 34
const MARGIN = 14
const SWEEPS = 6

/** A node, or a place that a long edge passes through. */
interface Spot {
  readonly width: number
  readonly node: number
  x: number
}

/** Draws the graph; `entries` are the nodes that stand on top. */
export function layoutFlow(
  nodes: readonly FlowNode[],
  links: readonly FlowLink[],
  entries: readonly number[],
): FlowDrawing {
  const back = backLinks(nodes.length, links, entries)
  const layerOf = layersOf(nodes.length, links, back)
  const layers: Spot[][] = Array.from({ length: Math.max(0, ...layerOf) + 1 }, () => [])
  const spots: Spot[] = nodes.map(({ width }, node) => ({ width, node, x: 0 }))
  spots.forEach((spot, node) => layers[layerOf[node]!]!.push(spot))
  const chains = links.map((link, index): readonly Spot[] => {
    if (back.has(index)) return []
    const chain = [spots[link.from]!]
    for (let layer = layerOf[link.from]! + 1; layer < layerOf[link.to]!; layer++) {
      const spot = { width: 8, node: -1, x: 0 }
      layers[layer]!.push(spot)
      chain.push(spot)
    }
    chain.push(spots[link.to]!)
    return chain
  })
  const above = new Map<Spot, Spot[]>()
  const below = new Map<Spot, Spot[]>()
  const add = (map: Map<Spot, Spot[]>, key: Spot, value: Spot): void => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [value])
    else list.push(value)
  }
  for (const chain of chains)
    for (let i = 1; i < chain.length; i++) {
      add(above, chain[i]!, chain[i - 1]!)
      add(below, chain[i - 1]!, chain[i]!)
    }
  layers.forEach(pack)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const layer of layers) order(layer, above)
    for (const layer of layers.toReversed()) order(layer, below)
  }
  for (let pass = 0; pass < SWEEPS; pass++) {
    for (const layer of layers) straighten(layer, above)
    for (const layer of layers.toReversed()) straighten(layer, below)
  }

  const left = Math.min(0, ...layers.flat().map((spot) => spot.x - spot.width / 2))
  for (const spot of layers.flat()) spot.x += MARGIN - left
  const tops: number[] = []
  const heights = layers.map((layer) => Math.max(0, ...layer.map(({ node }) => nodes[node]?.height ?? 0)))
  let y = MARGIN
  for (const height of heights) {
    tops.push(y)
    y += height + GAP_Y
  }
  const right = Math.max(0, ...layers.flat().map((spot) => spot.x + spot.width / 2))
  let lane = right
  const bottomOf = (node: number): number => tops[layerOf[node]!]! + nodes[node]!.height
  const placedLinks = links.map((link, index): PlacedLink => {
    const from = spots[link.from]!
    const to = spots[link.to]!
    const end = tops[layerOf[link.to]!]!
    const start = bottomOf(link.from)
    if (back.has(index)) {
      lane += 12
      return {
        back: true,
        path: `M${r(from.x)} ${r(start)}v8H${r(lane)}V${r(end - 10)}H${r(to.x)}v10`,
      }
    }
    const points = chains[index]!.map((spot, i, all): [number, number] => [
      spot.x,
      i === 0 ? start : i === all.length - 1 ? end : tops[layerOf[link.from]! + i]!,
    ])
    let path = `M${r(points[0]![0])} ${r(points[0]![1])}`
    for (let i = 1; i < points.length; i++) {
      const [x0, y0] = points[i - 1]!
      const [x1, y1] = points[i]!
      // A place that is passed through is crossed straight down to the layer's end.
      const turn = i === 1 ? y0 : y0 + heights[layerOf[link.from]! + i - 1]!
      if (turn > y0) path += `V${r(turn)}`
      const half = (y1 - turn) / 2
      path += `C${r(x0)} ${r(turn + half)} ${r(x1)} ${r(y1 - half)} ${r(x1)} ${r(y1)}`
    }
    return { back: false, path }
  })
  return {
    width: Math.ceil(lane + MARGIN),
    height: Math.ceil(y - GAP_Y + MARGIN + 10),
    nodes: spots.map((spot, node) => ({ x: spot.x - spot.width / 2, y: tops[layerOf[node]!]! })),
    links: placedLinks,
  }
}

const r = (value: number): number => Math.round(value * 10) / 10

/** Edges that lead to a node from which they can be reached: found by a walk in depth, without recursion. */
function backLinks(count: number, links: readonly FlowLink[], entries: readonly number[]): Set<number> {
  const out: number[][] = Array.from({ length: count }, () => [])
  links.forEach(({ from }, index) => out[from]!.push(index))
  const back = new Set<number>()
  const state = new Uint8Array(count)
  const walk = (root: number): void => {
    if (state[root] !== 0) return
    const stack: { node: number; next: number }[] = [{ node: root, next: 0 }]
    state[root] = 1
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const index = out[top.node]![top.next++]
      if (index === undefined) {
        state[top.node] = 2
        stack.pop()
        continue
      }
      const { to } = links[index]!
      if (state[to] === 1) back.add(index)
      else if (state[to] === 0) {
        state[to] = 1
        stack.push({ node: to, next: 0 })
      }
    }
  }
  for (const entry of entries) walk(entry)
  for (let node = 0; node < count; node++) walk(node)
  return back
}

/** Longest path from a node without predecessors. */
function layersOf(count: number, links: readonly FlowLink[], back: ReadonlySet<number>): number[] {
  const forward = links.filter((_, index) => !back.has(index))
  const waiting = new Int32Array(count)
  const out: number[][] = Array.from({ length: count }, () => [])
  for (const { from, to } of forward) {
    waiting[to]!++
    out[from]!.push(to)
  }
  const layers = Array.from({ length: count }, () => 0)
  const ready = layers.map((_, node) => node).filter((node) => waiting[node] === 0)
  for (let node = ready.pop(); node !== undefined; node = ready.pop())
    for (const to of out[node]!) {
      layers[to] = Math.max(layers[to]!, layers[node]! + 1)
      if (--waiting[to]! === 0) ready.push(to)
    }
  return layers
}

/** Places side by side, without gaps. */
function pack(layer: Spot[]): void {
  let x = 0
  for (const spot of layer) {
    spot.x = x + spot.width / 2
    x += spot.width + GAP_X
  }
}

const mean = (spot: Spot, kin: ReadonlyMap<Spot, readonly Spot[]>): number => {
  const list = kin.get(spot)
  return list === undefined ? spot.x : list.reduce((sum, other) => sum + other.x, 0) / list.length
}

function order(layer: Spot[], kin: ReadonlyMap<Spot, readonly Spot[]>): void {
  const wish = new Map(layer.map((spot) => [spot, mean(spot, kin)]))
  layer.sort((a, b) => wish.get(a)! - wish.get(b)!)
  pack(layer)
}

/** Moves each spot towards its kin, keeping the order and the gaps. */
function straighten(layer: Spot[], kin: ReadonlyMap<Spot, readonly Spot[]>): void {
  const wish = layer.map((spot) => mean(spot, kin))
  const distance = (i: number): number => layer[i - 1]!.width / 2 + GAP_X + layer[i]!.width / 2
  const fromLeft = [...wish]
  for (let i = 1; i < layer.length; i++) fromLeft[i] = Math.max(fromLeft[i]!, fromLeft[i - 1]! + distance(i))
  const fromRight = [...wish]
  for (let i = layer.length - 1; i > 0; i--) fromRight[i - 1] = Math.min(fromRight[i - 1]!, fromRight[i]! - distance(i))
  layer.forEach((spot, i) => (spot.x = (fromLeft[i]! + fromRight[i]!) / 2))
}
