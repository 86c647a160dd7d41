//! Rows to the numbers of their cells (combinations of levels), and to an order by cell.

/// Replaces the node of each row by its child for the level of the row, up to the first row that has none. `children` gives for each node, by
/// level, the child plus one; 0 or nothing for none. Returns how many rows were replaced. There are as many levels as nodes.
#[inline(never)]
pub fn replace_by_children(nodes: &mut [u32], levels: &[u32], children: &[Vec<u32>]) -> usize {
    for (row, (node, &level)) in nodes.iter_mut().zip(levels).enumerate() {
        match children[*node as usize].get(level as usize) {
            Some(&child) if child > 0 => *node = child - 1,
            _ => return row,
        }
    }
    nodes.len()
}

/// Returns the indexes of rows in the order of their cells, and for each cell the end of its rows in this order. Rows of a cell keep their
/// order. All numbers of cells are below `cells`.
#[inline(never)]
#[must_use]
pub fn sorted_by_cell(row_cells: &[u32], cells: usize) -> (Vec<u32>, Vec<usize>) {
    let mut ends = vec![0; cells];
    row_cells.iter().for_each(|&cell| ends[cell as usize] += 1);
    let mut start = 0;
    for end in &mut ends {
        start += std::mem::replace(end, start);
    }
    // each entry is the start of its cell now, and grows to its end
    let mut order = vec![0; row_cells.len()];
    for (row, &cell) in row_cells.iter().enumerate() {
        let at = &mut ends[cell as usize];
        order[*at] = row as u32;
        *at += 1;
    }
    (order, ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nodes_become_children_until_one_has_none() {
        let children = [vec![2, 0, 3], vec![5]];
        let mut nodes = [0, 1, 0, 0];
        assert_eq!(replace_by_children(&mut nodes, &[2, 0, 1, 0], &children), 2);
        assert_eq!(nodes, [2, 4, 0, 0]);
        assert_eq!(replace_by_children(&mut [1], &[1], &children), 0);
        assert_eq!(replace_by_children(&mut [0, 0], &[0, 0], &children), 2);
    }

    proptest! {
        #[test]
        fn rows_are_sorted_by_cell(row_cells in prop::collection::vec(0u32..9, 0..50)) {
            let (order, ends) = sorted_by_cell(&row_cells, 9);
            let mut want: Vec<u32> = (0..row_cells.len() as u32).collect();
            want.sort_by_key(|&row| row_cells[row as usize]);
            prop_assert_eq!(order, want);
            for (cell, end) in ends.into_iter().enumerate() {
                prop_assert_eq!(end, row_cells.iter().filter(|&&of| of as usize <= cell).count());
            }
        }
    }
}
