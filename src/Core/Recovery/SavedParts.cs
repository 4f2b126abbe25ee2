namespace FastStream;

/// <summary>Matches the parts of a checkpoint with the program that reads it, by name and schema.</summary>
internal sealed class SavedParts(CheckpointData data, KeySalt salt, UnmatchedState unmatched, Action<string> warn)
{
    public const string State = "state";
    public const string Input = "input";
    public const string SinkKind = "sink";

    /// <summary>Gives all states and inputs their parts.</summary>
    /// <exception cref="InvalidOperationException">A saved state matches no operator, or one of another type.</exception>
    public void LoadInto(IReadOnlyList<string> stateNames, IReadOnlyList<IStateSnapshot> states,
        IReadOnlyList<string> inputNames, IReadOnlyList<IInputStream> inputs)
    {
        Match(State, stateNames, "state");
        Match(Input, inputNames, "position of an input");
        foreach ((string name, IStateSnapshot state) in stateNames.Zip(states))
        {
            CheckpointPart[] parts = PartsOf(State, name).ToArray();
            if (parts.Length == 0)
            {
                warn($"{name} is new: it begins without a saved state.");
                continue;
            }

            IEnumerable<string?> differences = parts.Select(part => SchemaMatch.Difference(part.Schema, state.Schema));
            if (differences.FirstOrDefault(found => found is not null) is { } difference)
            {
                throw new InvalidOperationException(
                    $"The saved state of {name} does not fit: {difference}. Go back to the types it was written with, "
                    + "give the new operator another name by Named, or add a serializer to "
                        + "CheckpointOptions.Serializers that has the old schema "
                    + "and reads both.");
            }

            for (int i = 0; i < parts.Length; i++)
            {
                state.Load(i, OwnerOf(parts[i], state), data.Read(parts[i]));
            }

            state.EndLoad();
        }

        LoadInputs(inputNames, inputs);
    }

    /// <summary>Gives sinks the positions that they had at the checkpoint.</summary>
    /// <exception cref="InvalidOperationException">The program no longer has a sink.</exception>
    public void LoadInto(SinkPositions sinks)
    {
        Match(SinkKind, sinks.Names, "position of a sink");
        foreach (CheckpointPart part in data.Manifest.Parts.Where(part => part.Kind == SinkKind))
        {
            sinks.Load(part.Name, data.Read(part));
        }
    }

    private void LoadInputs(IReadOnlyList<string> inputNames, IReadOnlyList<IInputStream> inputs)
    {
        foreach ((string name, IInputStream input) in inputNames.Zip(inputs))
        {
            foreach (CheckpointPart part in PartsOf(Input, name))
            {
                input.LoadPosition(data.Read(part));
            }
        }
    }

    // The partition that owns all keys of a part, so that none has to be hashed: usually the program has as many
    // partitions as before.
    private int? OwnerOf(CheckpointPart part, IStateSnapshot state) =>
        part.Groups is { } groups && state.IsByGroup && data.Manifest.Salt is { } saved && saved.Equals(salt)
            ? groups.OwnerAmong(state.PartCount) : null;

    private IEnumerable<CheckpointPart> PartsOf(string kind, string name) =>
        data.Manifest.Parts.Where(part => part.Kind == kind && part.Name == name);

    private void Match(string kind, IEnumerable<string> names, string what)
    {
        string[] gone = data.Manifest.Parts.Where(part => part.Kind == kind).Select(part => part.Name).Distinct().Except(names).ToArray();
        if (gone.Length == 0)
        {
            return;
        }

        string list = string.Join(", ", gone.Select(name => $"\"{name}\""));
        if (unmatched == UnmatchedState.Refuse)
        {
            throw new InvalidOperationException(
                $"The checkpoint has a {what} that the program has not: {list}; the program has "
                    + $"{string.Join(", ", names.Select(name => $"\"{name}\"").DefaultIfEmpty("none"))}. Give "
                    + "streams their old names by Named and sinks theirs in WriteTo, "
                + "or set CheckpointOptions.UnmatchedState to Drop to go on without.");
        }

        warn($"The {what} of {list} was dropped: the program has none of that name.");
    }
}
