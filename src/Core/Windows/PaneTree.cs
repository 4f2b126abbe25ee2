namespace FastStream;

/// <summary>
/// The final batches of a window, with neighbours merged in pairs, those pairs merged in pairs, and so on: a window of
/// many batches then consists of a few panes, however long it is.
/// </summary>
/// <remarks>
/// <code>
/// height 2:  |      0..3     |      4..7     |    the window 1..7 is the panes 1, 2..3, 4..7
/// height 1:  |  0..1 |  2..3 |  4..5 |  6..7 |
/// height 0:  | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |    the batches
/// </code>
/// The order is kept: a merged pane has its keys in the order in which they first came, with their values reduced
/// oldest first. Neighbours are merged when they are first needed together, unless the merged pane would be hardly
/// shorter, so that all heights together hold at most a few times as much as the batches. Belongs to one operator.
/// </remarks>
/// <param name="merge">Merges two neighbours; null if that does not pay.</param>
internal sealed class PaneTree<TValue>(
    Func<WindowPane<NumberedValue<TValue>>, WindowPane<NumberedValue<TValue>>, WindowPane<NumberedValue<TValue>>?> merge)
{
    // by height - 1 and place; null if merging does not pay
    private readonly List<Dictionary<long, WindowPane<NumberedValue<TValue>>?>> _merged = [];

    /// <summary>The largest pane that begins with one of the batches and ends with one of them.</summary>
    /// <param name="batches">The window's final batches, by index without a gap.</param>
    /// <param name="first">The position in the list at which the pane begins.</param>
    /// <param name="count">Number of batches that the pane covers.</param>
    public WindowPane<NumberedValue<TValue>> LargestFrom(List<WindowPane<NumberedValue<TValue>>> batches, int first, out int count)
    {
        WindowPane<NumberedValue<TValue>> largest = batches[first];
        long index = largest.Index;
        count = 1;
        for (int height = 1; index % (2L * count) == 0 && first + (2 * count) <= batches.Count; height++)
        {
            if (Pane(batches, height, index >> height) is not { } pane)
            {
                break;
            }

            largest = pane;
            count *= 2;
        }

        return largest;
    }

    /// <summary>Removes the panes that include a batch, because the batch leaves the window.</summary>
    public void Remove(WindowPane<NumberedValue<TValue>> batch)
    {
        for (int height = 1; height <= _merged.Count; height++)
        {
            if (_merged[height - 1].Remove(batch.Index >> height, out WindowPane<NumberedValue<TValue>>? pane))
            {
                pane?.Dispose();
            }
        }
    }

    private WindowPane<NumberedValue<TValue>>? Pane(List<WindowPane<NumberedValue<TValue>>> batches, int height, long place)
    {
        if (height == 0)
        {
            return batches[(int)(place - batches[0].Index)];
        }

        if (_merged.Count < height)
        {
            _merged.Add([]);
        }

        if (!_merged[height - 1].TryGetValue(place, out WindowPane<NumberedValue<TValue>>? pane))
        {
            pane = Pane(batches, height - 1, 2 * place) is { } older && Pane(batches, height - 1, (2 * place) + 1) is { } newer
                ? merge(older, newer) : null;
            _merged[height - 1].Add(place, pane);
        }

        return pane;
    }
}
