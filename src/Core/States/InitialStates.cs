namespace FastStream;

/// <summary>Sorts given states into the partitions that own their keys.</summary>
internal static class InitialStates
{
    public static List<(TKey Key, TState State)>[] ByPartition<TKey, TState>(IEnumerable<(TKey Key, TState State)> states, int partitions,
        in KeySalt salt)
    {
        var byPartition = new List<(TKey Key, TState State)>[partitions];
        for (int i = 0; i < partitions; i++)
        {
            byPartition[i] = [];
        }

        HiddenTextFinder? inKeys = HiddenTexts<TKey>.NewFinder();
        HiddenTextFinder? inStates = HiddenTexts<TState>.NewFinder();
        foreach ((TKey key, TState state) in states)
        {
            inKeys?.ThrowIfIn(in key, "An initial key");
            inStates?.ThrowIfIn(in state, "An initial state");
            byPartition[KeyGroups.PartitionOf(PartitionHash.Of(in key, in salt), partitions)].Add((key, state));
        }

        return byPartition;
    }
}

/// <summary>Refuses, when a stream is described, types that cannot be kept across batches.</summary>
internal static class StateChecks
{
    public static void ThrowIfEndsWithBatch<T>(string what)
    {
        if (RecordTexts<T>.Unreachable is { } inside)
        {
            throw Throw.StateCannotHold(what, typeof(T), inside);
        }
    }
}
