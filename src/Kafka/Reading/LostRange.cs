namespace FastStream;

/// <summary>Makes the message that says which records are gone.</summary>
internal static class LostRange
{
    public static string Sentence(KafkaPartition id, long wanted, long low, long high) => wanted < low
        ? $"{id}: records from offset {wanted} to {low - 1} were not read yet and are gone: the topic's retention "
            + "has passed them, or somebody has deleted them."
        : $"{id}: offset {wanted} was to be read next, and the partition ends at {high}: the topic was deleted and "
            + "recreated, or its end was lost.";
}
