namespace FastStream.Serialization;

/// <summary>
/// The records of a batch that an earlier run logged do not fit the program's types. A type of its own distinguishes
/// this from misuse: a batch that never runs again needs no records.
/// </summary>
/// <param name="input">The name of the records' input.</param>
/// <param name="difference">The difference that <see cref="SchemaMatch"/> found.</param>
internal sealed class OtherSchemaException(string input, string difference) : InvalidOperationException(Sentence(input, difference))
{
    /// <summary>The message for records of an input whose types are not the program's.</summary>
    public static string Sentence(string input, string difference) =>
        $"The records of {input} that an earlier run logged do not fit: {difference}. Go back to the types they "
            + "were written with, and stop "
        + "gracefully before the change, so that none are left; or add a serializer to "
            + "CheckpointOptions.Serializers that has the old schema and reads both.";
}
